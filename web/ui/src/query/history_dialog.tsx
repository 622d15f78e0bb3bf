// The expressions executed in this browser, newest first.
import { useState } from 'preact/hooks';
import { changeSettings, useSettings } from '../base/settings';
import { Dialog } from '../parts/dialog';
import { Empty } from '../parts/states';

interface Props {
  onChoose: (expression: string) => void;
  onClose: () => void;
}

export function HistoryDialog({ onChoose, onClose }: Props) {
  const { history } = useSettings();
  const [search, setSearch] = useState('');
  const found = history.filter((h) => h.toLowerCase().includes(search.toLowerCase()));
  return (
    <Dialog title="History" onClose={onClose}>
      <input class="input wide" type="search" autofocus placeholder="Search" aria-label="Search history"
        value={search} onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && found.length > 0) onChoose(found[0]);
        }} />
      <div class="explorer">
        {found.length === 0 && (
          <Empty title={history.length === 0 ? 'No history yet' : 'Nothing matches'}>
            <p>Expressions that you execute are kept here, in this browser only.</p>
          </Empty>
        )}
        <ul>
          {found.map((expression) => (
            <li key={expression}>
              <button type="button" onClick={() => onChoose(expression)}>
                <code>{expression}</code>
              </button>
            </li>
          ))}
        </ul>
      </div>
      {history.length > 0 && (
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={() => changeSettings({ history: [] })}>
            Forget all
          </button>
        </footer>
      )}
    </Dialog>
  );
}
