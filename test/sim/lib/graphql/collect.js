/*
 * Collects the fields that a selection asks for on one object type: fragments followed, @skip and @include obeyed, fields of one
 * response name merged. Used by the executor and by the pricing of documents, so both see the same fields.
 */
import { getDirectiveValues, GraphQLIncludeDirective, GraphQLSkipDirective, isAbstractType, Kind, typeFromAST } from 'graphql';

/** Map of response name -> field nodes. `type` null means: whatever the type, take every fragment (for pricing). */
export function collectFields({ schema, fragments, variables }, type, selectionSets) {
  const fields = new Map();
  const visited = new Set();
  const walk = (selectionSet) => {
    for (const selection of selectionSet.selections) {
      if (selection.directives.length > 0 && !isIncluded(selection, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias ? selection.alias.value : selection.name.value;
        if (fields.has(key)) fields.get(key).push(selection);
        else fields.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(schema, selection.typeCondition, type)) walk(selection.selectionSet);
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment && applies(schema, fragment.typeCondition, type)) walk(fragment.selectionSet);
      }
    }
  };
  selectionSets.forEach(walk);
  return fields;
}

function isIncluded(node, variables) {
  if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
}

function applies(schema, condition, type) {
  if (!condition) return true;
  const wanted = typeFromAST(schema, condition);
  return wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
}
