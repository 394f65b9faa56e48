/** How long an enrolment token is good for. A file of its own: the help of a command names it, and loads nothing else. */

export const defaultTokenLifetimeMs = 24 * 3600_000;
export const maxTokenLifetimeMs = 30 * 24 * 3600_000;
