//! Files that appear complete or not at all.

use std::io::Write;
use std::path::Path;

use crate::PlotError;

/// Writes `bytes` under a temporary name beside `path`, syncs, and renames.
///
/// # Errors
/// [`PlotError::Write`]; the temporary file is then removed and `path` is as it was.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), PlotError> {
    let failed = |source| PlotError::Write { path: path.to_owned(), source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut aside = tempfile::Builder::new();
    aside.prefix(".retrograd-").suffix(".part");
    make_readable(&mut aside);
    let mut file = aside.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}

/// Temporary files are private by default; results are for everybody whom the umask lets in.
#[cfg(unix)]
fn make_readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn make_readable(_builder: &mut tempfile::Builder<'_, '_>) {}
