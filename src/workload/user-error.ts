/**
 * What the user gave is wrong, and the user can put it right. The message is one line that says what is wrong, where, and
 * what to do; whoever shows it shows the message and never the stack. Everything else that is thrown is a bug of ours.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
}
