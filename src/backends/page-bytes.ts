/**
 * A page of a log ends once its events have so many bytes of JSON. Each reader that is slow holds one, so it is
 * about what a subscription sends at once: then all of it has been sent, and nothing is held beside that.
 */
export const PAGE_BYTES = 64 * 1024;
