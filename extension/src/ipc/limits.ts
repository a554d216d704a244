/**
 * What a form or the composer can check before the engine does. The protocol's own table decides; a test holds these
 * against it, because importing it here would carry the wire's schemas into the webview.
 */

/** Of a text or a passage of code, in UTF-8. */
export const maxTextBytes = 16 * 1024;

/** Of the note above a passage of code, in UTF-8. */
export const maxNoteBytes = 4096;

/** A name that a relay takes. */
export const usernamePattern = /^[a-z0-9][a-z0-9._-]{1,31}$/;
