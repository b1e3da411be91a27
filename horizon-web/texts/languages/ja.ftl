# インターフェイスの日本語テキスト。構文は Fluent: https://projectfluent.org

## Every page

skip-to-content = 本文へ移動
nav-site = サイト
nav-blog = ブログ
theme = テーマ
theme-system = テーマ：システム
theme-light = テーマ：ライト
theme-dark = テーマ：ダーク
footer-privacy = いいねやコメントをするまで Cookie は使わず、第三者への通信もありません。
numbers = 数値
tags = タグ

## Numbers: the unit follows the number

unit-reading-now =
    { $count ->
       *[other] 人が閲覧中
    }
unit-on-site =
    { $count ->
       *[other] 人がサイトを閲覧中
    }
unit-visits =
    { $count ->
       *[other] 回の訪問
    }
unit-views =
    { $count ->
       *[other] 回表示
    }
unit-likes =
    { $count ->
       *[other] 件のいいね
    }
unit-comments =
    { $count ->
       *[other] 件のコメント
    }

## Lists

latest-posts = 最新の記事
all-posts = すべての記事
all-posts-of = { $site } のすべての記事。
posts = 記事
posts-about = { $site } の「{ $tag }」に関する記事。
posts-found =
    { $count ->
       *[other] { $count } 件の記事が見つかりました。
    }
posts-count =
    { $count ->
       *[other] { $count } 件の記事
    }
no-posts-yet = まだ記事がありません。
no-posts-found = 記事が見つかりません。別の言葉や別のタグをお試しください。
no-posts-with-tag = このタグの付いた記事はありません。
tag = タグ
tag-all = すべて
all-tags = すべてのタグ
search-label = 検索
search-button = 検索
search-results = 検索結果
search-not-ready = 検索の準備中です。しばらくしてからもう一度お試しください。
archive = アーカイブ
archive-of = { $site } のすべての記事（年別）。
archive-year = { $year }年の記事
series = シリーズ
series-all = すべてのシリーズ
series-of = { $site } のシリーズ。
series-part = 全{ $count }回の第{ $part }回
pages = ページ
page-number = { $page } ページ
page-of = { $page } / { $count } ページ
previous-page = 前のページ
next-page = 次のページ

## Posts

reading-minutes =
    { $count ->
       *[other] 約 { $count } 分で読めます
    }
updated-on = { $date }に更新
contents = 目次
like = いいね
older = 前の記事
newer = 次の記事
previous = 前へ
next = 次へ
other-posts = ほかの記事
translations = 翻訳
draft = 下書き
scheduled = 公開予定
copy-code = コピー
code-copied = コピーしました
code-copy-failed = コピーできませんでした
section-link = この節へのリンク: { $heading }
table-number = 表 { $number }
task-done = 完了
task-open = 未完了
details = 詳細
alert-note = 注記
alert-tip = ヒント
alert-important = 重要
alert-warning = 警告
alert-caution = 注意
footnotes = 脚注
footnote-back = 参照 { $number } に戻る

## Comments

comments-unavailable = 現在、コメントを表示できません。
newest-comments = 最新のコメント
earlier-comments = 以前のコメント
more-replies = ほかの返信
new-comments =
    { $count ->
       *[other] 新しいコメント { $count } 件
    }
comment-removed = このコメントは削除されました。
comment-author-unnamed = 匿名
badge-author = 著者
reply = 返信
# Follows "Reply" for screen readers.
reply-to = （{ $author } さんへ）
write-comment = コメントを書く
in-reply-to = { $author } さんへの返信
cancel = キャンセル
comment-name = 名前
optional = （任意）
comment-body = コメント
comment-hint = プレーンテキストまたは簡単な Markdown：{ $emphasis }、{ $code }、リスト、リンク。
comment-hint-emphasis = 強調
comment-hint-code = コード
leave-empty = この欄は空のままにしてください
send = 送信
comment-published = ありがとうございます。コメントが公開されました。
comment-pending = ありがとうございます。コメントは承認後に表示されます。
error-offline = サーバーに接続できませんでした。もう一度お試しください。
error-server = 処理できませんでした。しばらくしてからもう一度お試しください。
error-too-many = 操作が多すぎます。しばらくしてからもう一度お試しください。
error-forbidden = この操作は許可されていません。
error-body = コメントが空か、{ $max } 文字を超えているか、使えない文字が含まれています。
error-author = 名前が { $max } 文字を超えているか、使えない文字が含まれています。
error-parent = このコメントには返信できません。
error-again = もう一度送信してください。

## Other pages

not-found = ページが見つかりません
not-found-detail = このアドレスにページはありません。
home-page = ホームページ
unavailable = サービスを利用できません
unavailable-detail = このブログのデータベースが応答しません。数秒後にもう一度お試しください。
forbidden = アクセスできません
invalid-form = フォームの内容が正しくありません

## Signing in

sign-in = サインイン
sign-out = サインアウト
token = トークン
token-hint = サーバー上の { $setting } の値。
reports-token = レポート用のトークンを持っています
signed-in-already = すでにサインインしていますか？
continue = 続ける
wrong-token = トークンが違います。
too-many-tokens = 間違ったトークンが多すぎます。正しいトークンは引き続き使えます。
incomplete-form = フォームに不足があります。もう一度送信してください。
session-ended = セッションが終了しました。もう一度サインインしてください。
other-site = フォームが別のサイトから送信されました。
invalid-verdict = 判定は { $shown } か { $removed } にしてください。

## Moderation

comments = コメント
comment-filter = 表示するコメント
comments-all = すべて
comments-pending = 承認待ち
dashboard = ダッシュボード
no-comments = コメントはありません。
older-comments = 古いコメント
hidden-posts = 下書きと公開予定の記事
posts-with-errors = 表示できない記事
last-good-version = 最後の正常な版を表示しています
more-errors = ほか { $count } 件。{ $command } ですべて確認できます。
comment-on = { $post } へのコメント
state-shown = 公開中
state-removed = 削除済み
state-pending = 承認待ち
state-reply = 返信
restore = 元に戻す
approve = 承認
remove = 削除

## Cluster

cluster = クラスター
admin-pages = 管理ページ
web-nodes = Web ノード
accumulators = 集計ノード
problems = 問題
node = ノード
viewers = 閲覧者
counted = 集計済み
unread = 未読
pending = 保留中
lost = 消失
last-heartbeat = 最終応答
round-trip = Redis への往復時間
clock-offset = 時計のずれ
started = 起動時刻
just-now = たった今
seconds-ago =
    { $count ->
       *[other] { $count } 秒前
    }
unknown = 不明
clock-in-sync = ずれなし
clock-ahead = { $offset } 進み
clock-behind = { $offset } 遅れ
only-this-process = HORIZON_BUS が Redis ではないため、このプロセスだけを表示しています。
redis-unreachable = Redis に接続できないため、このプロセスだけを表示しています。
# A time in UTC.
time-utc = { $time } UTC
