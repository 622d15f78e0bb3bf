// The expressions saved and executed in this browser; saved ones first, then the newest.
import { useState } from 'preact/hooks';
import { changeSettings, isSaved, toggleSaved, useSettings } from '../base/settings';
import { Dialog } from '../parts/dialog';
import { StarIcon } from '../parts/icons';
import { Empty } from '../parts/states';

interface Props {
  onChoose: (expression: string) => void;
  onClose: () => void;
}

export function HistoryDialog({ onChoose, onClose }: Props) {
  const { history, saved } = useSettings();
  const [search, setSearch] = useState('');
  const all = [...saved, ...history.filter((expression) => !saved.includes(expression))];
  const found = all.filter((expression) => expression.toLowerCase().includes(search.toLowerCase()));
  return (
    <Dialog title="Saved and recent" onClose={onClose}>
      <input class="input wide" type="search" autofocus placeholder="Search" aria-label="Search history"
        value={search} onInput={(event) => setSearch(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || found.length === 0) return;
          event.preventDefault(); // else it would also press the button that gets the focus back
          onChoose(found[0]);
        }} />
      <div class="explorer">
        {found.length === 0 && (
          <Empty title={all.length === 0 ? 'No history yet' : 'Nothing matches'}>
            <p>Expressions that you execute are kept here, in this browser only. The star keeps one for good.</p>
          </Empty>
        )}
        <ul>
          {found.map((expression) => (
            <li key={expression} class="with-star">
              <button type="button" class="button ghost star" aria-pressed={isSaved(expression)}
                aria-label="Save" title={isSaved(expression) ? 'Saved' : 'Save'}
                onClick={() => toggleSaved(expression)}>
                <StarIcon />
              </button>
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
            Forget what is not saved
          </button>
        </footer>
      )}
    </Dialog>
  );
}
