// The keys that the pages understand.
import { Dialog } from './parts/dialog';

const keys: [string[], string][] = [
  [['/'], 'Go to the editor or the search field'],
  [['Enter'], 'Execute the expression'],
  [['Shift', 'Enter'], 'New line in the expression'],
  [['Ctrl', 'Space'], 'Complete'],
  [['Esc'], 'Leave the editor, close a window'],
  [['g', 'q'], 'Query'],
  [['g', 't'], 'Targets; likewise a alerts, r rules, s discovery, c configuration, f flags'],
  [['?'], 'This list'],
];

export function HelpDialog({ onClose }: { onClose: () => void }) {
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
      <p class="muted">Drag over a graph to zoom. Click a series in the legend to see it alone, Ctrl-click to
        hide it.</p>
    </Dialog>
  );
}
