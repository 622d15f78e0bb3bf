// Copies a text and says so.
import { useEffect, useState } from 'preact/hooks';
import { CheckIcon, CopyIcon } from './icons';

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return undefined;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  // Browsers give the clipboard to secure pages only.
  if (navigator.clipboard === undefined) return null;
  return (
    <button type="button" class="button ghost" aria-label={label} title={copied ? 'Copied' : label}
      onClick={() => navigator.clipboard.writeText(text()).then(() => setCopied(true), () => undefined)}>
      {copied ? <CheckIcon /> : <CopyIcon />}
    </button>
  );
}
