// Checks a receipt where its voter is, with nothing of ours but what is written here: SHA-256 and Ed25519 are the browser's own.
// It is events/fanfare/ledger/receipts.py and events/fanfare/record/promises.py once more, step by step, and a test holds the two equal.
// Sources: C2SP tlog-proof, signed-note, tlog-checkpoint and tlog-cosignature; RFC 9162, section 2.1.3.2.

export const STEPS = ["form", "signature", "checkpoint", "witnesses", "inclusion", "event", "promise", "among"];

const LARGEST = 2n ** 63n - 1n;
const MOST_BYTES = 1_000_000, MOST_SIGNATURES = 100, MOST_HASHES = 63;
const NOTE = 1, COSIGNATURE = 4; // what a key signs: a text, or a time and a text
const NO_NAME = /[\0-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

class Wrong extends Error {} // it does not show what it should; anything else that is thrown is a mistake of ours

const ascii = new TextEncoder();
const need = (is) => { if (!is) throw new Wrong(); };

// How things are written: each in one way, so that one meaning has one form.

function fromBase64(text) {
  let binary = "";
  try { binary = atob(text); } catch { throw new Wrong(); }
  need(btoa(binary) === text);
  return Uint8Array.from(binary, (each) => each.charCodeAt(0));
}

function hashFromBase64(text) {
  const hash = fromBase64(text);
  need(hash.length === 32);
  return hash;
}

function fromDecimal(text) {
  need(/^(?:0|[1-9][0-9]{0,18})$/.test(text) && BigInt(text) <= LARGEST);
  return BigInt(text);
}

function linesOf(bytes) {
  let text = "";
  try { text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes); } catch { throw new Wrong(); }
  need(!/[\0-\x09\x0b-\x1f]/.test(text) && text.endsWith("\n"));
  return text.slice(0, -1).split("\n");
}

const hex = (bytes) => Array.from(bytes, (each) => each.toString(16).padStart(2, "0")).join("");
const same = (one, other) => hex(one) === hex(other);
const number = (bytes) => bytes.reduce((sum, each) => sum * 256n + BigInt(each), 0n);

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, each) => sum + each.length, 0));
  let at = 0;
  for (const each of parts) { whole.set(each, at); at += each.length; }
  return whole;
}

// Where two line ends follow each other: the first such place, or the last.
function gapIn(bytes, isLast) {
  const places = [];
  for (let at = 0; at + 1 < bytes.length; at++) if (bytes[at] === 10 && bytes[at + 1] === 10) places.push(at);
  const found = places.at(isLast ? -1 : 0);
  need(found !== undefined);
  return found;
}

// Hashes and the tree.

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const leafHash = (bytes) => sha256(joined([0], bytes));
const nodeHash = (left, right) => sha256(joined([1], left, right));

async function checkInclusion(leaf, index, size, hashes, root) {
  need(index < size);
  let [left, last, node] = [index, size - 1n, leaf];
  for (const each of hashes) {
    need(last > 0n);
    if (left & 1n || left === last) {
      node = await nodeHash(each, node);
      while (!(left & 1n) && left) [left, last] = [left >> 1n, last >> 1n];
    } else {
      node = await nodeHash(node, each);
    }
    [left, last] = [left >> 1n, last >> 1n];
  }
  need(last === 0n && same(node, root));
}

// Keys and signed notes.

async function parseKey(words) {
  const [, name, id, typed] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(words) ?? [];
  need(name && !NO_NAME.test(name));
  const binary = fromBase64(typed);
  need(binary.length === 33 && [NOTE, COSIGNATURE].includes(binary[0]));
  need(hex((await sha256(joined(ascii.encode(`${name}\n`), binary))).slice(0, 4)) === id);
  return { name, id, kind: binary[0], bytes: binary.slice(1) };
}

function parseNote(bytes) {
  need(bytes.length <= MOST_BYTES);
  const end = gapIn(bytes, true);
  linesOf(bytes);
  const lines = end + 2 < bytes.length ? linesOf(bytes.slice(end + 2)) : [""];
  need(lines.length <= MOST_SIGNATURES);
  return { text: bytes.slice(0, end + 1), signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  need(line.startsWith("— "));
  const gap = line.indexOf(" ", 2);
  const name = gap < 0 ? line.slice(2) : line.slice(2, gap);
  const binary = fromBase64(gap < 0 ? "" : line.slice(gap + 1));
  need(name && !NO_NAME.test(name) && binary.length > 4);
  return { name, id: hex(binary.slice(0, 4)), bare: binary.slice(4) };
}

const imported = (bytes) => crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
const knowsEd25519 = () => imported(new Uint8Array(32).fill(0x66).fill(0x58, 0, 1)).then(() => true, () => false);

async function isSigned(key, message, signature) {
  const opened = await imported(key.bytes).catch(() => null);
  return opened !== null && signature.length === 64 && crypto.subtle.verify("Ed25519", opened, signature, message);
}

// Returns who of *keys* signed, and when a witness did. A wrong signature of a known key is no accident; of others nothing is said.
async function signersOf(note, keys, knows) {
  const found = [];
  for (const { name, id, bare } of note.signatures) {
    const key = keys.find((each) => each.name === name && each.id === id);
    if (!key) continue;
    const isWitness = key.kind === COSIGNATURE;
    const [at, signature] = isWitness ? [number(bare.slice(0, 8)), bare.slice(8)] : [null, bare];
    const message = isWitness ? joined(ascii.encode(`cosignature/v1\ntime ${at}\n`), note.text) : note.text;
    need(!knows || ((at ?? 0n) <= LARGEST && (await isSigned(key, message, signature))));
    found.push({ key, at });
  }
  need(found.length);
  return found;
}

// The receipt of an entry: C2SP tlog-proof@v1.

function parseProof(bytes) {
  need(bytes.length <= MOST_BYTES);
  const gap = gapIn(bytes, false);
  need(bytes.slice(0, gap).every((each) => each < 128));
  const lines = new TextDecoder().decode(bytes.slice(0, gap)).split("\n");
  need(lines.shift() === "c2sp.org/tlog-proof@v1");
  if (lines[0]?.startsWith("extra ")) fromBase64(lines.shift().slice(6));
  need(lines[0]?.startsWith("index "));
  const index = fromDecimal(lines.shift().slice(6));
  need(lines.length <= MOST_HASHES);
  return { index, hashes: lines.map(hashFromBase64), note: parseNote(bytes.slice(gap + 2)) };
}

async function parseCheckpoint(text) {
  const lines = linesOf(text);
  need(lines.length >= 3 && lines.every((each) => each));
  const [origin, size, root] = [lines[0], fromDecimal(lines[1]), hashFromBase64(lines[2])];
  need(size || same(root, await sha256(new Uint8Array())));
  return { origin, size, root };
}

// Yields the five steps of a receipt, up to the first that fails. What is only as good as a signature that this browser cannot check
// is looked at all the same, and the signature is told to be "unable", never to hold.
export async function* checkedProof(proof, entry, { keys, witnesses = [], quorum = 0 }) {
  let step = "form";
  try {
    const { index, hashes, note } = parseProof(proof);
    yield { step, state: "holds", index };
    step = "signature";
    const knows = await knowsEd25519();
    const [logs, others] = [await Promise.all(keys.map(parseKey)), await Promise.all(witnesses.map(parseKey))];
    const signers = await signersOf(note, [...logs, ...others], knows);
    const checkpoint = await parseCheckpoint(note.text).catch(() => null);
    const by = signers.find(({ key }) => key.kind === NOTE && key.name === checkpoint?.origin);
    need(by || !checkpoint);
    yield { step, state: knows ? "holds" : "unable", key: by?.key.id };
    step = "checkpoint";
    need(checkpoint);
    yield { step, state: "holds", origin: checkpoint.origin, size: checkpoint.size };
    step = "witnesses";
    const seen = new Set(signers.filter(({ at }) => at !== null).map(({ key }) => key)); // who cosigned twice counts once
    need(seen.size >= quorum);
    yield { step, state: !seen.size ? "none" : knows ? "holds" : "unable", names: [...seen].map(({ name }) => name) };
    step = "inclusion";
    need(entry);
    await checkInclusion(await leafHash(entry), index, checkpoint.size, hashes, checkpoint.root);
    yield { step, state: "holds", index, hashes: hashes.length, origin: checkpoint.origin };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    yield { step, state: "fails" };
  }
}

// The ballot itself: the event of this id stands in the entry where the receipt says, under the voter's token.
function checkEvent(receipt, entry, { index, origin }) {
  const [, partition, offset, place] = /^(0|[1-9]\d*):(0|[1-9]\d*):(0|[1-9]\d*)$/.exec(receipt.position) ?? [];
  need(origin.endsWith(`/record/${partition}`) && String(index) === offset);
  let batch = null;
  try { batch = JSON.parse(new TextDecoder().decode(entry)); } catch { throw new Wrong(); }
  need(Array.isArray(batch) && batch[place]?.id === receipt.event_id);
  const { voter = batch[place].data?.voter, number: paper = batch[place].data?.number } = receipt;
  need(batch[place].data?.voter === voter && batch[place].data?.number === paper);
  return { place: Number(place) + 1, count: batch.length, paper };
}

function parsePromise(text) {
  const lines = linesOf(text);
  need(lines.length === 6 && lines[0] === "fanfare promise v1");
  const [, record, position, leaf, events, until] = lines;
  const [, count, root] = /^([^ ]+) ([^ ]+)$/.exec(events) ?? [];
  need(/^[1-9]\d{3}-/.test(until) && !Number.isNaN(Date.parse(until)) && new Date(until).toISOString().replace(".000", "") === until);
  need(count && fromDecimal(count) > 0n);
  return { record, position, leaf: hashFromBase64(leaf), count: fromDecimal(count), root: hashFromBase64(root), until };
}

// What the site signed when it took the ballot. An entry that is not there yet is not compared with what was promised.
async function* checkedPromise(receipt, entry, { record, promises = [] }) {
  let step = "promise";
  try {
    const note = parseNote(ascii.encode(receipt.promise));
    const knows = await knowsEd25519();
    const signers = await signersOf(note, await Promise.all(promises.map(parseKey)), knows);
    const promise = parsePromise(note.text);
    need(promise.record === record && signers.some(({ key }) => key.name === `${record.split("://")[1]}/promises`));
    const [, place, index] = /^(\d+:\d+):(\d+)$/.exec(receipt.position) ?? [];
    need(promise.position === place && (!entry || same(promise.leaf, await leafHash(entry))));
    yield { step, state: knows ? "holds" : "unable", until: promise.until };
    step = "among";
    need(Array.isArray(receipt.events_proof ?? []));
    const hashes = (receipt.events_proof ?? []).map(hashFromBase64);
    await checkInclusion(await leafHash(ascii.encode(receipt.event_id)), fromDecimal(index), promise.count, hashes, promise.root);
    yield { step, state: "holds", count: promise.count };
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    yield { step, state: "fails" };
  }
}

// Yields each of STEPS once, in order, with its state: "holds", "fails", "unreached" behind one that failed, "waits" for what is not
// there yet, "none" where no witness cosigned, "unable" where this browser lacks what it takes.
export async function* checked(receipt, trusted) {
  if (!globalThis.crypto?.subtle) {
    for (const step of STEPS) yield { step, state: "unable" };
    return;
  }
  let entry = null;
  try { entry = fromBase64(receipt.leaf ?? ""); } catch { /* then nothing is in the record that could be shown */ }
  const isThere = Boolean(receipt.leaf && entry);
  let found = null;
  if (receipt.proof === null) {
    for (const step of STEPS.slice(0, 6)) yield { step, state: "waits" };
  } else {
    const left = new Set(STEPS.slice(0, 5));
    for await (found of checkedProof(ascii.encode(receipt.proof), isThere ? entry : null, trusted)) {
      left.delete(found.step);
      yield found;
    }
    for (const step of left) yield { step, state: "unreached" };
    try {
      yield found.state === "fails" ? { step: "event", state: "unreached" } : { step: "event", state: "holds", ...checkEvent(receipt, entry, found) };
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      yield { step: "event", state: "fails" };
    }
  }
  if (!receipt.promise) {
    for (const step of STEPS.slice(6)) yield { step, state: "none" };
    return;
  }
  for await (found of checkedPromise(receipt, isThere ? entry : null, trusted)) yield found;
  if (found.step === "promise") yield { step: "among", state: "unreached" };
}
