/** What the service refused, with its own code: see src/http/http-error.ts and ERROR_CATALOGUE. */
export class ServiceRefusal extends Error {
  override readonly name = "ServiceRefusal";
  readonly code: string;
  readonly next: string;
  /** HTTP status. */
  readonly status: number;

  constructor(code: string, message: string, next: string, status: number) {
    super(message);
    this.code = code;
    this.next = next;
    this.status = status;
  }
}
