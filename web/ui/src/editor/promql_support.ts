// codemirror-promql against this server, with the person's own history among the completions.
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { syntaxTree } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import { type CompleteStrategy, newCompleteStrategy, PromQLExtension } from '@prometheus-io/codemirror-promql';
import { baseUrl } from '../base/location';
import { settings } from '../base/settings';

const serverStrategy = newCompleteStrategy({
  remote: {
    url: baseUrl.replace(/\/$/, ''),
    httpMethod: 'GET',
    // Completion is a help, not a must: without the server the language itself still completes.
    httpErrorHandler: () => undefined,
    fetchFn: (input, init) => fetch(input, { credentials: 'same-origin', ...init }),
  },
});

// Behind a finished operand only operators could follow: offered when asked for, not unasked, where
// they would stand between the person and Enter.
function isUnasked(context: CompletionContext, from: number): boolean {
  if (context.explicit || from !== context.pos) return false;
  const before = context.state.sliceDoc(0, context.pos).trimEnd();
  return before !== '' && !/[{(,=~"'[+\-*/%^<>!]$/.test(before);
}

const withHistory: CompleteStrategy = {
  async promQL(context: CompletionContext): Promise<CompletionResult | null> {
    const result = await serverStrategy.promQL(context);
    if (result === null || isUnasked(context, result.from)) return null;
    const { state, pos } = context;
    const tree = syntaxTree(state).resolve(pos, -1);
    const start = tree.type.name === 'PromQL' ? 0 : tree.from;
    if (start !== 0) return result;
    const past = settings().history.slice(0, 20).map((expression) => ({
      label: expression.length > 80 ? `${expression.slice(0, 79)}…` : expression,
      apply: expression,
      detail: 'history',
      boost: -10,
    }));
    return { ...result, from: start, options: [...result.options, ...past] };
  },
};

export function promqlSupport(): Extension {
  return new PromQLExtension().setComplete({ completeStrategy: withHistory }).asExtension();
}
