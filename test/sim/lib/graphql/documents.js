/*
 * GitHub's published schema, and parsing and validation of documents against it by graphql-js.
 *
 * Validation is the dear part and does not depend on what stands inside string literals, only on which of them are equal (that
 * matters for merging fields). So a document is parsed once per text, and validated once per text with its strings numbered: a
 * crawler that writes its ranges into the text pays for validation once.
 */
import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate } from 'graphql';

const CACHED_DOCUMENTS = 1000;

/** Read as a file: importing the package would parse its other forms of the schema too, which takes longer than all the rest. */
const PUBLISHED = new URL('../../node_modules/@octokit/graphql-schema/schema.graphql', import.meta.url);
let loaded = null;

/** The schema, built once a process. */
export function loadSchema() {
  loaded ??= buildSchema(readFileSync(PUBLISHED, 'utf8'), { assumeValidSDL: true, noLocation: true });
  return loaded;
}

export class Documents {
  constructor(schema) {
    this.schema = schema;
    this.parsed = new Map(); /* text -> {document, errors} */
    this.validShapes = new Map();
  }

  /** {document, errors}: errors are those of graphql-js, empty if the document is valid. */
  prepare(text) {
    const known = this.parsed.get(text);
    if (known) {
      this.parsed.delete(text);
      this.parsed.set(text, known);
      return known;
    }
    const prepared = this.check(text);
    keep(this.parsed, text, prepared);
    return prepared;
  }

  check(text) {
    let document;
    try {
      document = parse(text, { maxTokens: 100000 });
    } catch (error) {
      return { document: null, errors: [error] };
    }
    const shape = shapeOf(text);
    if (this.validShapes.has(shape)) return { document, errors: [] };
    const errors = validate(this.schema, document);
    if (errors.length === 0) keep(this.validShapes, shape, true);
    return { document, errors: [...errors] };
  }
}

/** The text with each distinct string literal replaced by a number of its own; block strings and comments stay as they are. */
function shapeOf(text) {
  if (text.includes('"""') || text.includes('#')) return text;
  const numbers = new Map();
  return text.replace(/"(?:[^"\\\n]|\\.)*"/g, (literal) => {
    if (!numbers.has(literal)) numbers.set(literal, numbers.size);
    return `"${numbers.get(literal)}"`;
  });
}

function keep(map, key, value) {
  if (map.size >= CACHED_DOCUMENTS) map.delete(map.keys().next().value);
  map.set(key, value);
}
