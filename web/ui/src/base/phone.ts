// True on a window as narrow as a phone's.
import { useEffect, useState } from 'preact/hooks';

const narrow = window.matchMedia('(max-width: 640px)');

export function usePhone(): boolean {
  const [phone, setPhone] = useState(narrow.matches);
  useEffect(() => {
    const update = () => setPhone(narrow.matches);
    narrow.addEventListener('change', update);
    return () => narrow.removeEventListener('change', update);
  }, []);
  return phone;
}
