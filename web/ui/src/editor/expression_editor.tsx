// The PromQL editor: highlighting, completion and linting from codemirror-promql, asked of this server.
// Enter completes or executes, Shift+Enter breaks the line, Escape leaves.
import {
  acceptCompletion, autocompletion, closeBrackets, closeBracketsKeymap, closeCompletion, completionKeymap,
  completionStatus, selectedCompletion,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands';
import { bracketMatching, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintKeymap } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { drawSelection, EditorView, keymap, placeholder, tooltips } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { useEffect, useRef } from 'preact/hooks';
import { promqlSupport } from './promql_support';

export interface EditorHandle {
  setText: (text: string) => void;
  insert: (text: string) => void; // at the cursor, in place of the selection
  focus: () => void;
  execute: () => void;
}

interface Props {
  text: string; // a new value replaces what is in the editor
  onExecute: (text: string) => void;
  onReady: (handle: EditorHandle) => void;
}

function replaceAll(view: EditorView, text: string): void {
  if (view.state.doc.toString() === text) return;
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: text },
    selection: { anchor: text.length },
  });
}

function makeHandle(view: EditorView, execute: () => void): EditorHandle {
  return {
    setText: (text) => replaceAll(view, text),
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    focus: () => view.focus(),
    execute,
  };
}

// Takes the chosen completion; false when there is none, or when it is what was typed anyway.
function complete(view: EditorView): boolean {
  const { state } = view;
  const chosen = completionStatus(state) === 'active' ? selectedCompletion(state) : null;
  if (chosen === null) return false;
  const { head } = state.selection.main;
  if (state.sliceDoc(head - chosen.label.length, head) === chosen.label) return false;
  return acceptCompletion(view);
}

export function ExpressionEditor({ text, onExecute, onReady }: Props) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const execute = useRef(onExecute);
  execute.current = onExecute;

  useEffect(() => {
    const run = (editor: EditorView) => {
      closeCompletion(editor);
      execute.current(editor.state.doc.toString());
      return true;
    };
    const leave = (editor: EditorView) => {
      if (completionStatus(editor.state) !== null) return false;
      editor.contentDOM.blur();
      return true;
    };
    const editor = new EditorView({
      parent: parent.current!,
      state: EditorState.create({
        doc: text,
        extensions: [
          history(),
          drawSelection(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          autocompletion({ defaultKeymap: false, interactionDelay: 0 }),
          EditorView.lineWrapping,
          syntaxHighlighting(classHighlighter),
          tooltips({ position: 'fixed', parent: document.body }),
          placeholder('Expression, e.g. rate(node_cpu_seconds_total[5m])'),
          EditorView.contentAttributes.of({ 'aria-label': 'PromQL expression', spellcheck: 'false' }),
          promqlSupport(),
          Prec.highest(
            keymap.of([
              { key: 'Enter', run: (editor) => complete(editor) || run(editor) },
              { key: 'Tab', run: complete },
              { key: 'Mod-Enter', run },
              { key: 'Shift-Enter', run: insertNewlineAndIndent },
              ...completionKeymap.filter(({ key }) => key !== 'Enter'),
              { key: 'Escape', run: leave },
            ]),
          ),
          keymap.of([
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...lintKeymap,
          ]),
        ],
      }),
    });
    view.current = editor;
    onReady(makeHandle(editor, () => run(editor)));
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    if (view.current !== null) replaceAll(view.current, text);
  }, [text]);

  return <div class="editor" ref={parent} />;
}
