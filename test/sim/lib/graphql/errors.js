/*
 * Errors as GitHub words them (fact sheet 2.3), shared by the resolvers, the checks before execution and both executors.
 */
import { GraphQLError } from 'graphql';

/** An error with a `type`; becomes an entry of `errors`. A resolver may throw it or put it into a list. */
export class GitHubError extends Error {
  constructor(type, message, extensions) {
    super(message);
    this.type = type;
    if (extensions) this.extensions = extensions;
  }
}

export const notFoundNode = (id) => new GitHubError('NOT_FOUND', `Could not resolve to a node with the global id of '${id}'`);
export const notFoundRepository = (name) => new GitHubError('NOT_FOUND', `Could not resolve to a Repository with the name '${name}'.`);
export const resourceLimits = () => new GitHubError('RESOURCE_LIMITS_EXCEEDED', 'Resource limits for this query exceeded.');
export const forbiddenSaml = () => new GitHubError('FORBIDDEN', 'Resource protected by organization SAML enforcement. You must grant your '
  + 'Personal Access token access to this organization.', { saml_failure: true });
export const forbiddenAllowList = () => new GitHubError('FORBIDDEN', 'Although you appear to have the correct authorization credentials, the '
  + '`example` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.', { saml_failure: false });

/** An error made by a resolver, or an error of graphql-js, as an entry of `errors`: type, path, extensions, locations, message. */
export function formatError(error) {
  const original = error instanceof GraphQLError && error.originalError ? error.originalError : error;
  const entry = {};
  if (original.type) entry.type = original.type;
  if (error.path) entry.path = error.path;
  if (original.extensions && Object.keys(original.extensions).length > 0) entry.extensions = original.extensions;
  if (error.locations) entry.locations = error.locations;
  entry.message = error.message;
  return entry;
}

/** "Something went wrong", as sent with 502 and sometimes with 200. */
export function somethingWentWrong(requestId, when) {
  const stamp = new Date(when).toISOString().replace(/\.\d+Z$/, '+00:00');
  return `Something went wrong while executing your query on ${stamp}. This may be the result of a timeout, or it could be a GitHub bug. `
    + `Please include \`${requestId}\` when reporting this issue.`;
}
