/**
 * EventHorizon for any page: one small script without dependencies.
 *
 *     <script type="module" src="/horizon/client.js" data-slug="hello"></script>
 *     <p><b data-horizon="viewers">0</b> reading now, <b data-horizon="visits">0</b> views</p>
 *     <button type="button" data-horizon="like">♥ <span data-horizon="likes">0</span></button>
 *     <ol data-horizon="comment-list"></ol>
 *     <form data-horizon="comment">
 *       <input name="author"> <textarea name="body" required></textarea> <button>Send</button> <p role="status"></p>
 *     </form>
 *
 * **The page** is the script's `data-slug`, otherwise the first `data-horizon-slug` in the document. Without either, or
 * if it is empty, the script shows the site's stats, but no likes and comments.
 *
 * **Lists.** Inside an element with the `data-horizon-slug` of another page, the hooks `viewers`, `visits`, `likes` and
 * `comments` show the numbers of that page; the other hooks are ignored. One stream carries all of them, and elements
 * that are added later are filled in, too. Only the first 100 other pages of the document are live, and fewer if their
 * names have more than 9,000 bytes in a URL. The reader does not count as a viewer of those pages. A list that is not a page itself needs an empty slug:
 *
 *     <script type="module" src="/horizon/client.js" data-slug=""></script>
 *     <a href="/hello" data-horizon-slug="hello">Hello, <b data-horizon="viewers">0</b> reading now</a>
 *
 * **Client-side navigation.** Change that attribute, or render another element with it: the script switches to that
 * page, and fills in new elements. Or call {@link Live.go}.
 *
 * **Hooks** are elements with `data-horizon`. All are optional:
 *
 * | hook | what the script does |
 * |---|---|
 * | `viewers`, `visits`, `likes`, `comments` | shows the page's number, formatted for the document's `lang` |
 * | `site-viewers`, `site-visits`, `site-likes`, `site-comments` | shows the site's; likes and comments belong to pages, so those are 0 |
 * | `like`, on a button | likes the page or removes the like. `aria-pressed` is the state, `aria-disabled` a request in progress. The initial `aria-pressed` comes from the HTML, otherwise from the server. For a reader whom the application names, it follows likes on other devices |
 * | `comment`, on a form | sends its fields `body`, `author` and `parent`, and shows the result in its `[role=status]` |
 * | `comment-list` | shows the newest five comments, newest first. A `<template>` in it is used for each: its `[data-horizon=author]`, `[data-horizon=badge]` (hidden if there is none) and `[data-horizon=body]` are filled in |
 *
 * To handle a click or a submit yourself, call `preventDefault`.
 *
 * **Your own events.** A click on an element with `data-horizon-event` sends the event of that name, with its
 * attributes `data-horizon-prop-…` as properties. Links navigate as usual. An element with `data-horizon-count` shows how
 * often the event happened. Both belong to the page of the nearest `data-horizon-slug`; an empty one is the site. The
 * HTML's count stays until the first numbers arrive.
 *
 *     <button data-horizon-event="👍">👍 <span data-horizon-count="👍">0</span></button>
 *     <a href="/guide.pdf" data-horizon-event="download" data-horizon-prop-file="guide.pdf">The guide</a>
 *
 * A script calls {@link track}.
 *
 * **Links.** In an element with `data-horizon="links"`, such as the article or the `body`, a click on a link sends an
 * event, too: `outbound` with the property `host` for a link to another host, and `download` with the property `file`,
 * the path, for one to a file: with the attribute `download`, or with an ending such as `.pdf` or `.zip`. Links with
 * `data-horizon-event` send only their own event.
 *
 * **The end of the page.** Once for each load of the page, the script reports that its end was on screen for about two
 * seconds or scrolled past. The end is that of the first element with `data-horizon-end`, otherwise of the first
 * `article` without another one next to it, otherwise of `main`; a page without any of them reports nothing.
 *
 * **Where readers come from.** The address of the stream says the origin of `document.referrer`, the parameters `utm_*`,
 * `ref` and `source` of the page's own URL, and the width of the viewport. The server keeps only what reports show: the
 * name or domain of the source, the campaign, and the kind of device.
 *
 * **Names of pages** are their decoded URL paths without slashes around them, in Unicode normalization form C, such as
 * `docs/guide`; that of the root page is `/`. In lists, elements with other names are ignored.
 *
 * **Viewers** see the page. A tab that is hidden for ten seconds closes its stream until it is visible again. A tab
 * that was never visible and a page that is prerendered open none, and a page in the back/forward cache has none.
 *
 * **Modules.** On pages with a comment form or a list of comments, the script imports `comments.js` from where it came
 * from itself, `events.js` on pages with an element that sends an event or whose links do, and when a script tracks one,
 * and `finished.js` on pages with a name. A content security policy that allows the script by its origin allows the modules, too.
 */

/** The numbers of a page or of the site. */
export interface Numbers {
  /** Visitors who see the page, with an open live connection. */
  viewers: number;
  /** Visits in total. */
  visits: number;
  /** Readers who like it now. */
  likes: number;
  /** Visible comments. */
  comments: number;
  /** How often each custom event happened, by its name. Missing if none happened. */
  events?: { [name: string]: number };
}

/** The stats received so far, by the names of the hooks. */
export type Known = Partial<Numbers & { [Name in keyof Numbers as `site-${Name}`]: Numbers[Name] }>;

/** What an event says: at most 30 properties. Keys have at most 64 bytes, values 500 as text. */
export type Properties = { [key: string]: string | number | boolean };

/** The response to an event. */
export interface Tracked {
  /** The status code: 200 if the event was tracked, 0 without a response. */
  status: number;
  /** The name of the event. */
  name?: string;
  /** How often it happened. */
  count?: number;
  /** Why it was not tracked. */
  title?: string;
  detail?: string;
  /** What is wrong: `name`, `properties`, or a property whose value has a wrong type, such as `properties.file`. */
  field?: string;
}

/** A visible comment. */
export interface Comment {
  id: string;
  /** The id of the comment that it replies to. */
  parent?: string;
  /** Plain text, possibly empty. */
  author: string;
  /** What the application says about the author, such as `Staff`. Plain text. */
  badge?: string;
  /** Sanitized by the server. */
  html: string;
  /** The time of writing, in milliseconds since 1970. */
  at: number;
}

export interface Options {
  /** The page, instead of the document's; an empty slug is the site. */
  slug?: string;
  /** Where the router is nested, without a trailing slash. By default where this script came from. */
  base?: string;
  /** Where the hooks are. By default the document. */
  root?: Document | Element | ShadowRoot;
  /** Called with all stats whenever some change. */
  onnumbers?(numbers: Known): void;
  /** Called with the newest comments, newest first, whenever they change. */
  oncomments?(comments: Comment[]): void;
}

export interface Live {
  /**
   * Likes the page or removes the like. Resolves to whether the server accepted it. Does nothing during a request.
   */
  like(liked: boolean): Promise<boolean>;
  /**
   * Tracks an event of the page. The name has 1 to 120 bytes; a page has at most 64 names. Resolves to undefined if
   * `events.js` cannot be loaded.
   */
  track(name: string, properties?: Properties): Promise<Tracked | undefined>;
  /** Switches to another page; without a slug, to the document's. */
  go(slug?: string): void;
  /** Ends the stream and detaches from the page. */
  close(): void;
}

declare global {
  interface Window {
    /** The document's connection, for classic scripts. */
    horizonLive?: Live;
  }
}

/**
 * Connects the document to its page. A document has one connection; a new one ends the previous one.
 *
 * A `<script>` element with this script connects by itself. A page that imports the module must call this.
 */
export function connect(options?: Options): Live;

/** Tracks an event of the connected page; see {@link Live.track}. Resolves to undefined before {@link connect}. */
export function track(name: string, properties?: Properties): Promise<Tracked | undefined>;
