// Types of what Postern puts into a page. Copy this file into a project, or refer to it; docs/page.md explains it.
// It is checked by tests/journeys/types.test.mjs against pages in each state.

/** A category that a visitor grants or refuses; `necessary` is always granted. */
export type PosternCategory = 'necessary' | 'functional' | 'analytics' | 'marketing' | 'social';

/** What holds for this visitor now. */
export interface PosternState {
  /** Has the question been answered? Not by who has only let one vendor's content load. */
  readonly decided: boolean;
  /** The granted categories. */
  readonly granted: readonly PosternCategory[];
  /** Ids of vendors that are granted by themselves, beyond the categories. */
  readonly vendors: readonly string[];
}

export interface Postern {
  /** What holds now. */
  readonly state: PosternState;
  /** What held when the page began. In a page that carries the script of another address, nothing is granted then. */
  readonly ready: Promise<PosternState>;
  /** Calls `listener` after each recorded choice, of this page or another of the site; gives a function that ends it. */
  onChange(listener: (state: PosternState) => void): () => void;
  /** Opens the settings; or the consent page, where they are not in the page. */
  open(): unknown;
  /** Takes back everything. When it resolves with the state, the withdrawal is recorded; on failure nothing has changed. */
  withdraw(): Promise<PosternState | void>;
  /**
   * Grants one vendor of the policy, by its id, and nobody else. Call it only for a visitor's own act, such as a click on
   * "Load this film". Who has not answered the question is still asked. An unknown vendor, or one that the browser's own
   * signal keeps off, stays denied: look at the state it resolves with.
   */
  grantVendor(id: string): Promise<PosternState | void>;
}

declare global {
  interface Window {
    /** Not there on pages with everything granted, where the policy says `reopen = "own-link"`. */
    readonly postern: Postern;
  }
  interface DocumentEventMap {
    /** After each recorded choice, when what is granted has been released. */
    'postern:change': CustomEvent<PosternState>;
  }
}
