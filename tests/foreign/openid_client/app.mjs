// One client of one hub, built on openid-client: what a test says on standard input, line by line, it does.
//
// A line is {"do": name, ...}; the answer is {"value": ...} or {"error": ...}, with the requests that were sent for it.

import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import * as oidc from 'openid-client';
import { Agent, fetch } from 'undici';

globalThis.crypto ??= webcrypto; // Node 18 keeps it in its module
globalThis.CryptoKey ??= webcrypto.CryptoKey;

const KID = 'k1';
const requests = []; // since the last answer
let last; // the last request as it was sent, for sending it again
let dispatcher = new Agent();
let config, client, pending, dpopKey, dpop;

async function send(url, options) {
  last = { url, options };
  const response = await fetch(url, { ...options, dispatcher });
  requests.push([options.method, new URL(url).pathname, response.status]);
  return response;
}

async function jwkOf(pair, members) {
  return { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: KID, use: 'sig', ...members };
}

const newKey = (alg) => oidc.randomDPoPKeyPair(alg, { extractable: true });
const freshDpop = (key) => oidc.getDPoPHandle(config, key); // knows no nonce yet

/** A signed request for an endpoint where the library sends none of its own making. */
async function signed(members) {
  const parameters = new URLSearchParams(members);
  return (await oidc.buildAuthorizationUrlWithJAR(config, parameters, client.signing)).searchParams.get('request');
}

const deeds = {
  /** By dynamic registration. `certificate` and `key` are files: the client proves itself with them, not with a JWT. */
  async register({ issuer, metadata, alg, certificate, key, dpopAlg, jar, jarm, decrypts }) {
    const signing = await newKey(alg);
    client = { signing: { key: signing.privateKey, kid: KID }, jar };
    const keys = [await jwkOf(signing, {})];
    const execute = [oidc.enableNonRepudiationChecks];
    if (certificate) {
      dispatcher = new Agent({ connect: { cert: readFileSync(certificate), key: readFileSync(key) } });
    }
    if (jarm) execute.push(oidc.useJwtResponseMode);
    if (decrypts) {
      const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
      keys.push({ ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'e1', use: 'enc', key_ops: undefined });
      const ours = { key: pair.privateKey, alg: decrypts, kid: 'e1' };
      execute.push((made) => oidc.enableDecryptingResponses(made, undefined, ours));
    }
    config = await oidc.dynamicClientRegistration(
      new URL(issuer),
      { jwks: { keys }, ...metadata },
      certificate ? oidc.TlsClientAuth() : oidc.PrivateKeyJwt(client.signing),
      { [oidc.customFetch]: send, execute },
    );
    if (dpopAlg) {
      dpopKey = await newKey(dpopAlg);
      dpop = freshDpop(dpopKey);
    }
    return config.clientMetadata();
  },

  /** Push a request; the address to send the browser to. */
  async ask({ scope, redirectUri }) {
    pending = {
      pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
      expectedState: oidc.randomState(),
      expectedNonce: oidc.randomNonce(),
    };
    let parameters = new URLSearchParams({
      scope,
      redirect_uri: redirectUri,
      state: pending.expectedState,
      nonce: pending.expectedNonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    if (client.jar) {
      parameters = (await oidc.buildAuthorizationUrlWithJAR(config, parameters, client.signing)).searchParams;
    }
    return (await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP: dpop })).href;
  },

  async redeem({ url }) {
    const tokens = await oidc.authorizationCodeGrant(config, new URL(url), pending, undefined, { DPoP: dpop });
    return { ...tokens, claims: tokens.claims(), decrypted: Object.keys(oidc.getDecryptedResponses(tokens) ?? {}) };
  },

  /** What a device without a browser shows to its person. */
  async startDevice({ scope }) {
    const parameters = client.jar ? { request: await signed({ scope }) } : { scope };
    pending = await oidc.initiateDeviceAuthorization(config, parameters);
    return pending;
  },

  /** Ask, at the hub's interval, until the person has answered. */
  async awaitDevice() {
    const tokens = await oidc.pollDeviceAuthorizationGrant(config, pending, undefined, { DPoP: dpop });
    return { ...tokens, claims: tokens.claims() };
  },

  /** Ask a person who is not at this app's browser. */
  async askElsewhere({ scope, idTokenHint, message }) {
    const request = await signed({ scope, id_token_hint: idTokenHint, binding_message: message });
    pending = await oidc.initiateBackchannelAuthentication(config, { request });
    return pending;
  },

  /** Ask, at the hub's interval, until the person has answered. */
  async awaitElsewhere() {
    const tokens = await oidc.pollBackchannelAuthenticationGrant(config, pending, undefined, { DPoP: dpop });
    return { ...tokens, claims: tokens.claims() };
  },

  refresh: ({ token }) => oidc.refreshTokenGrant(config, token, undefined, { DPoP: dpop }),

  userinfo: ({ token, sub }) => oidc.fetchUserInfo(config, token, sub, { DPoP: dpop }),

  introspect: ({ token }) => oidc.tokenIntrospection(config, token),

  revoke: ({ token }) => oidc.tokenRevocation(config, token),

  /** Read from the API: with this client's DPoP key, with `other` of the thief, or with `none`, as a bearer. */
  async read({ url, token, key = 'own' }) {
    const handles = { own: () => dpop, other: async () => freshDpop(await newKey('ES256')), none: () => undefined };
    const options = { DPoP: await handles[key]() };
    const response = await oidc.fetchProtectedResource(config, token, new URL(url), 'GET', undefined, undefined, options);
    return response.json();
  },

  /** The last request once more, as it was to the letter. */
  async again() {
    const response = await send(last.url, last.options);
    return { status: response.status, challenge: response.headers.get('www-authenticate') };
  },

  /** Begin without a nonce again, under the same key. */
  forget() {
    dpop = freshDpop(dpopKey);
  },

  /** Show another certificate, or none, from now on. */
  show({ certificate, key }) {
    const connect = certificate ? { cert: readFileSync(certificate), key: readFileSync(key) } : {};
    dispatcher = new Agent({ connect });
  },
};

function told(error) {
  const challenge = Array.isArray(error.cause) ? error.cause[0]?.parameters : undefined;
  const causes = [];
  for (let one = error; one instanceof Error; one = one.cause) causes.push(`${one.name}: ${one.message}`);
  return {
    error: error.error ?? challenge?.error ?? error.code ?? error.name,
    description: [error.error_description, ...causes].filter(Boolean).join(' / '),
    status: error.status ?? null,
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const { do: deed, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await deeds[deed](given)) ?? null };
  } catch (error) {
    answer = { error: told(error) };
  }
  process.stdout.write(`${JSON.stringify({ ...answer, requests: requests.splice(0) })}\n`);
}
