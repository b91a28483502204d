/**
 * Saying who we are by a token (RFC 7628, KIP-255). kafkajs' own part for it takes a broker's refusal
 * for success: the broker puts it into an answer without an error code, and waits for a last word.
 */

/** kafkajs' way to exchange messages: each with its length in front. */
export type SaslAuthenticate = (exchange: {
  readonly request: { encode(): Promise<Buffer> };
  readonly response: {
    decode(message: Uint8Array): Promise<Uint8Array>;
    parse(message: Uint8Array): Promise<Uint8Array>;
  };
}) => Promise<Uint8Array>;

const separator = "\x01";
const lengthBytes = 4;

/**
 * Sends the token.
 *
 * @returns what the broker has against it, or null when it accepts it.
 * @throws what the exchange throws: most brokers say by an error code, after our last word, what they
 * have against the token.
 */
export async function authenticateByToken(
  token: string,
  exchange: SaslAuthenticate,
): Promise<string | null> {
  const refusal = await send(
    `n,,${separator}auth=Bearer ${token}${separator}${separator}`,
    exchange,
  );
  if (refusal === "") return null;
  await send(separator, exchange);
  return refusal;
}

async function send(text: string, exchange: SaslAuthenticate): Promise<string> {
  const message = Buffer.alloc(lengthBytes + Buffer.byteLength(text));
  message.writeInt32BE(message.length - lengthBytes);
  message.write(text, lengthBytes);
  const asItIs = (answer: Uint8Array) => Promise.resolve(answer);
  const answer = await exchange({
    request: { encode: () => Promise.resolve(message) },
    response: { decode: asItIs, parse: asItIs },
  });
  return new TextDecoder().decode(answer.subarray(lengthBytes));
}
