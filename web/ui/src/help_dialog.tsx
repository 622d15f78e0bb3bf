// The keys that the pages understand.
import { Dialog } from './parts/dialog';

const keys: [string[], string][] = [
  [['/'], 'Go to the editor or the search field'],
  [['Enter'], 'Execute the expression'],
  [['Shift', 'Enter'], 'New line in the expression'],
  [['Ctrl', 'Space'], 'Complete'],
  [['Esc'], 'Leave the editor, close a window'],
  [['?'], 'This list'],
];

interface Props {
  pages: { key: string; title: string }[];
  onClose: () => void;
}

export function HelpDialog({ pages, onClose }: Props) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys">
        {keys.map(([names, text]) => (
          <div key={text}>
            <dt>{names.map((name) => <kbd key={name}>{name}</kbd>)}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <h3>Pages</h3>
      <dl class="keys keys-pages">
        {pages.map(({ key, title }) => (
          <div key={key}><dt><kbd>g</kbd><kbd>{key}</kbd></dt><dd>{title}</dd></div>
        ))}
      </dl>
      <p class="muted">Drag over a graph to zoom, with Shift to pan; the arrow keys move a graph that has the focus.
        Click a series in the legend to see it alone, Ctrl-click to hide it.</p>
    </Dialog>
  );
}
