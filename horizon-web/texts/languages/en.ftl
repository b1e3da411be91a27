# The interface texts in English, in the syntax of Fluent: https://projectfluent.org
#
# { $name } is a value that the blog fills in. A text that depends on a number has one form for each plural category
# of the language; docs/blog/languages.md says how to add a language.

## Every page

skip-to-content = Skip to content
nav-site = Site
nav-blog = Blog
theme = Theme
theme-system = Theme: system
theme-light = Theme: light
theme-dark = Theme: dark
footer-privacy = No cookie until you like or comment, no requests to anyone else.
numbers = Numbers
tags = Tags

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
        [one] reading now
       *[other] reading now
    }
unit-on-site =
    { $count ->
        [one] on the site now
       *[other] on the site now
    }
unit-visits =
    { $count ->
        [one] visit
       *[other] visits
    }
unit-views =
    { $count ->
        [one] view
       *[other] views
    }
unit-likes =
    { $count ->
        [one] like
       *[other] likes
    }
unit-comments =
    { $count ->
        [one] comment
       *[other] comments
    }

## Lists

latest-posts = Latest posts
all-posts = All posts
all-posts-of = All posts of { $site }.
posts = Posts
posts-about = The posts of { $site } about { $tag }.
posts-found =
    { $count ->
        [one] { $count } post found.
       *[other] { $count } posts found.
    }
posts-count =
    { $count ->
        [one] { $count } post
       *[other] { $count } posts
    }
no-posts-yet = There are no posts yet.
no-posts-found = No posts found. Try other words or another tag.
no-posts-with-tag = There are no posts with this tag.
tag = Tag
tag-all = All
all-tags = All tags
search-label = Search
search-button = Search
search-results = Search results
search-not-ready = The search is being prepared. Please try again in a moment.
archive = Archive
archive-of = All posts of { $site } by year.
archive-year = Posts of { $year }
series = Series
series-all = All series
series-of = The series of { $site }.
series-part = Part { $part } of { $count }
pages = Pages
page-number = Page { $page }
page-of = Page { $page } of { $count }
previous-page = Previous page
next-page = Next page

## Posts

reading-minutes =
    { $count ->
        [one] { $count } min read
       *[other] { $count } min read
    }
updated-on = Updated on { $date }
contents = Contents
like = Like
older = Older
newer = Newer
previous = Previous
next = Next
other-posts = Other posts
translations = Translations
draft = Draft
scheduled = Scheduled
copy-code = Copy
code-copied = Copied
code-copy-failed = Copying failed
section-link = Link to this section: { $heading }
table-number = Table { $number }
task-done = Done
task-open = Open
details = Details
alert-note = Note
alert-tip = Tip
alert-important = Important
alert-warning = Warning
alert-caution = Caution
footnotes = Footnotes
footnote-back = Back to reference { $number }

## Comments

comments-unavailable = Comments cannot be shown right now.
newest-comments = Newest comments
earlier-comments = Earlier comments
more-replies = More replies
new-comments =
    { $count ->
        [one] { $count } new comment
       *[other] { $count } new comments
    }
comment-removed = This comment was removed.
comment-author-unnamed = Someone
badge-author = Author
reply = Reply
# Follows "Reply" for screen readers.
reply-to = to { $author }
write-comment = Write a comment
in-reply-to = In reply to { $author }
cancel = Cancel
comment-name = Name
optional = (optional)
comment-body = Comment
comment-hint = Plain text or simple Markdown: { $emphasis }, { $code }, lists, links.
comment-hint-emphasis = emphasis
comment-hint-code = code
leave-empty = Leave this empty
send = Send
comment-published = Thank you. Your comment is published.
comment-pending = Thank you. Your comment will appear after a moderator approves it.
error-offline = The server could not be reached. Please try again.
error-server = The server could not do this. Please try again later.
error-too-many = That was too much at once. Please try again later.
error-forbidden = This is not allowed here.
error-body = The comment is empty, longer than { $max } characters, or contains characters that are not allowed.
error-author = The name is longer than { $max } characters or contains characters that are not allowed.
error-parent = The comment you reply to does not accept replies.
error-again = Please send it again.

## Other pages

not-found = Page not found
not-found-detail = There is no page at this address.
home-page = Home page
unavailable = Service unavailable
unavailable-detail = The database of this blog does not respond. Please try again in a few seconds.
forbidden = Forbidden
invalid-form = The form is invalid

## Signing in

sign-in = Sign in
sign-out = Sign out
token = Token
token-hint = The value of { $setting } on the server.
reports-token = I have a token for the reports
signed-in-already = Signed in already?
continue = Continue
wrong-token = The token is wrong.
too-many-tokens = Too many wrong tokens. The right one is still accepted.
incomplete-form = The form is incomplete. Send it again.
session-ended = Your session has ended. Sign in again.
other-site = The form was sent from another site.
invalid-verdict = The verdict must be { $shown } or { $removed }.

## Moderation

comments = Comments
comment-filter = Which comments
comments-all = All
comments-pending = Pending
dashboard = Dashboard
no-comments = There are no comments.
older-comments = Older comments
hidden-posts = Drafts and scheduled posts
posts-with-errors = Posts that cannot be shown
last-good-version = The last good version is shown
more-errors = { $count } more. { $command } lists all of them.
comment-on = on { $post }
state-shown = Shown
state-removed = Removed
state-pending = Pending
state-reply = Reply
restore = Restore
approve = Approve
remove = Remove

## Cluster

cluster = Cluster
admin-pages = Admin pages
web-nodes = Web nodes
accumulators = Accumulators
problems = Problems
node = Node
viewers = Viewers
counted = Counted
unread = Unread
pending = Pending
lost = Lost
last-heartbeat = Last heartbeat
round-trip = Round trip to Redis
clock-offset = Clock offset
started = Started
just-now = just now
seconds-ago =
    { $count ->
        [one] { $count } s ago
       *[other] { $count } s ago
    }
unknown = unknown
clock-in-sync = in sync
clock-ahead = { $offset } ahead
clock-behind = { $offset } behind
only-this-process = Only this process is listed, because HORIZON_BUS is not in Redis.
redis-unreachable = Redis cannot be reached, so only this process is listed.
# A time in UTC.
time-utc = { $time } UTC
