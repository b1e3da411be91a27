/**
 * EventHorizon for pages of any kind: one small script without dependencies.
 *
 *     <script type="module" src="/horizon/client.js" data-slug="hello"></script>
 *     <p><b data-horizon="viewers">0</b> reading now, <b data-horizon="visits">0</b> views</p>
 *     <button type="button" data-horizon="like">♥ <span data-horizon="likes">0</span></button>
 *     <ol data-horizon="comment-list"></ol>
 *     <form data-horizon="comment">
 *       <input name="author"> <textarea name="body" required></textarea> <button>Send</button> <p role="status"></p>
 *     </form>
 *
 * **Which page.** The script's `data-slug`; without one, the first `data-horizon-slug` in the document. Where neither
 * stands, or an empty one, it is the site as a whole: its numbers, but no likes and no comments. Hooks inside an element
 * with the `data-horizon-slug` of another page are left alone.
 *
 * **Pages that change without a load.** Change that attribute, or render another element that has it; the stream moves
 * on by itself, and elements that come later are filled too. Or call {@link Live.go}.
 *
 * **Hooks** are elements with `data-horizon`, and all may be missing:
 *
 * | hook | what happens |
 * |---|---|
 * | `viewers`, `visits`, `likes`, `comments` | holds the page's number, grouped as the document's `lang` does it |
 * | `site-viewers`, `site-visits`, `site-likes`, `site-comments` | the same of the site; a like and a comment belong to a page, so its own likes and comments are 0 |
 * | `like`, on a button | likes the page, or takes it back; `aria-pressed` says which, `aria-disabled` that it is on its way. If the first HTML has `aria-pressed` that is believed, otherwise the server is asked |
 * | `comment`, on a form | sends its fields `body`, `author` and `parent`; the answer is told in its `[role=status]` |
 * | `comment-list` | holds the newest five comments, the newest first, instead of what was in it. A `<template>` in it is an item: its `[data-horizon=author]` and `[data-horizon=body]` are filled in |
 *
 * Whoever handles a click or a submit themselves calls `preventDefault`, and the script does nothing.
 *
 * A tab that has been hidden for ten seconds is no reader: its stream is closed until it is seen again.
 */

/** The numbers of a page or of the site. */
export interface Numbers {
  /** Who reads it now. */
  viewers: number;
  /** Visits, ever. */
  visits: number;
  /** Readers who like it now. */
  likes: number;
  /** Comments that show now. */
  comments: number;
}

/** What is known so far, by the names of the hooks. */
export type Known = Partial<Numbers & { [Name in keyof Numbers as `site-${Name}`]: number }>;

/** A comment that shows. */
export interface Comment {
  id: string;
  /** The id of the comment that it answers. */
  parent?: string;
  /** Plain text, empty for no name. */
  author: string;
  /** Sanitised by the server. */
  html: string;
  /** When it was written, in milliseconds since 1970. */
  at: number;
}

export interface Options {
  /** The page, whatever the document says; an empty one is the site. */
  slug?: string;
  /** Where the router is nested, without a slash at the end. Where this script came from if left out. */
  base?: string;
  /** Where the hooks are. The document if left out. */
  root?: Document | Element | ShadowRoot;
  /** Is told all numbers whenever some are new. */
  onnumbers?(numbers: Known): void;
  /** Is told the newest comments, newest first. */
  oncomments?(comments: Comment[]): void;
}

export interface Live {
  /**
   * Likes the page or takes it back; answers whether the server took it. Does nothing while an earlier one is on its way.
   */
  like(liked: boolean): Promise<boolean>;
  /** Moves on to another page; without a slug, to the one that the document names. */
  go(slug?: string): void;
  /** Ends the stream and lets go of the page. */
  close(): void;
}

declare global {
  interface Window {
    /** The document's connection, for scripts that are no modules. */
    horizonLive?: Live;
  }
}

/**
 * Connects the document to its page. A document has one connection: this one ends the one before.
 *
 * A `<script>` element with this script's address connects by itself; a page that only imports it has to call this.
 */
export function connect(options?: Options): Live;
