/** Certificates for a test, made by openssl: an authority, and who it vouches for. */

import { join } from "node:path";

/** A certificate with its key, both in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that signs certificates. */
export interface Authority {
  /** The file of its own certificate. */
  readonly certificate: string;
  /** Signs a certificate for a name, and makes the files NAME.pem and NAME.key. */
  issue(name: string, options?: { readonly alternativeNames?: string }): Promise<Certificate>;
}

/** Makes an authority whose files are in `folder`. */
export async function newAuthority(folder: string, name: string): Promise<Authority> {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  await openssl(
    ...["req", "-x509", ...curve, "-keyout", key, "-out", certificate],
    ...["-days", "2", "-subj", `/CN=${name}`],
  );
  return {
    certificate,
    issue: async (owner, { alternativeNames } = {}) => {
      const issued = join(folder, `${owner}.pem`);
      const ownKey = join(folder, `${owner}.key`);
      const request = join(folder, `${owner}.csr`);
      await openssl(
        ...["req", ...curve, "-keyout", ownKey, "-out", request, "-subj", `/CN=${owner}`],
        ...(alternativeNames ? ["-addext", `subjectAltName=${alternativeNames}`] : []),
      );
      await openssl(
        ...["x509", "-req", "-in", request, "-CA", certificate, "-CAkey", key, "-days", "2"],
        ...["-copy_extensions", "copy", "-out", issued],
      );
      return { certificate: issued, key: ownKey };
    },
  };
}

/** Runs openssl. @throws with what it said when it fails. */
export async function openssl(...args: readonly string[]): Promise<void> {
  await runTool("openssl", args);
}

/** Runs Java's keytool. @throws with what it said when it fails. */
export async function keytool(...args: readonly string[]): Promise<void> {
  await runTool("keytool", args);
}

async function runTool(tool: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(tool, {
    args: [...args],
    stdin: "null",
  }).output();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(
    `Cannot run ${tool} ${args[0]}: it must succeed, it said:\n${text.decode(stdout)}${
      text.decode(stderr)
    }`,
  );
}
