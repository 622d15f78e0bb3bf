// Light or dark: the system's wish unless the person chose. Drawing code asks for colours here.
import { useEffect, useState } from 'preact/hooks';
import { settings, useSettings, watchSettings } from './settings';

const systemDark = window.matchMedia('(prefers-color-scheme: dark)');

export function isDark(): boolean {
  const { theme } = settings();
  return theme === 'system' ? systemDark.matches : theme === 'dark';
}

function applyTheme(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
}

// Keeps the document's theme in step from now on. It changes before components are drawn again:
// the canvas reads its colours from the style sheet.
export function startTheme(): void {
  applyTheme();
  watchSettings(applyTheme);
  systemDark.addEventListener('change', applyTheme);
}

// True while dark.
export function useDark(): boolean {
  useSettings();
  const [, setTick] = useState(0);
  useEffect(() => {
    const update = () => setTick((tick) => tick + 1);
    systemDark.addEventListener('change', update);
    return () => systemDark.removeEventListener('change', update);
  }, []);
  return isDark();
}
