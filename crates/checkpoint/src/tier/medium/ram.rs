//! RAM, mapped in one piece, in huge pages where the system has them.

use std::io;

use memmap2::MmapMut;

use super::Medium;

/// Anonymous memory. Pages that were never written take none.
#[derive(Debug)]
pub struct RamMedium {
    map: MmapMut,
}

impl RamMedium {
    /// Maps `capacity_bytes`, of which nothing is touched yet.
    ///
    /// # Errors
    /// If the system has no such room in its address space.
    pub fn new(capacity_bytes: u64) -> io::Result<Self> {
        let bytes = usize::try_from(capacity_bytes).map_err(io::Error::other)?;
        let map = MmapMut::map_anon(bytes.max(1))?;
        #[cfg(target_os = "linux")]
        // A hint: systems without huge pages are only slower.
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Self { map })
    }

    fn part(&mut self, offset: u64, bytes: usize) -> io::Result<&mut [u8]> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.checked_add(bytes);
        let part = end.and_then(|end| self.map.get_mut(start..end));
        part.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}

impl Medium for RamMedium {
    fn name(&self) -> String {
        "RAM".to_owned()
    }

    fn capacity_bytes(&self) -> u64 {
        self.map.len() as u64
    }

    fn write(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.part(offset, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    fn read(&mut self, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
        bytes.copy_from_slice(self.part(offset, bytes.len())?);
        Ok(())
    }
}
