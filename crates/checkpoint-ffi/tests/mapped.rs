//! The mapped file: what is written is read back, and a file that is too short is an error.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

use retrograd_checkpoint::Data;
use retrograd_checkpoint::tier::medium::Medium;
use retrograd_checkpoint::tier::{BytesOptions, Key, Loaded, Tier, TierError};
use retrograd_checkpoint_ffi::medium::MappedFile;

fn key(step: u64) -> Key {
    Key { step, kind: Data::Restart }
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let bytes: Vec<u8> =
        (0..3_000_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 9) as u8).collect();
    let named = MappedFile::new(&folder.path().join("named"), 8 << 20).unwrap();
    for mut file in [named, MappedFile::scratch(folder.path(), 8 << 20).unwrap()] {
        let mut back = vec![0; bytes.len()];
        for offset in [0, 4096, 5 << 20] {
            file.write(offset, &bytes).unwrap();
            file.read(offset, &mut back).unwrap();
            assert!(back == bytes, "{} at {offset}", file.name());
        }
        assert_eq!(file.capacity_bytes(), 8 << 20);
        for offset in [(8 << 20) - 4096, 8 << 20, u64::MAX - 4095, u64::MAX] {
            assert_eq!(file.read(offset, &mut back).unwrap_err().kind(), ErrorKind::UnexpectedEof);
            assert_eq!(file.write(offset, &bytes).unwrap_err().kind(), ErrorKind::UnexpectedEof);
        }
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "the scratch file has no name");
}

#[test]
fn the_content_is_that_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    let mut file = MappedFile::new(&path, 10_000).unwrap();
    assert_eq!(file.capacity_bytes(), 8192, "whole pages");
    file.write(4096, b"kept").unwrap();
    drop(file);
    assert_eq!(&std::fs::read(&path).unwrap()[4096..4100], b"kept");

    // A smaller capacity cuts nothing off.
    assert_eq!(MappedFile::new(&path, 4096).unwrap().capacity_bytes(), 4096);
    let mut back = [0; 4];
    MappedFile::new(&path, 8192).unwrap().read(4096, &mut back).unwrap();
    assert_eq!(&back, b"kept");
    assert_eq!(MappedFile::new(&path, 0).unwrap().capacity_bytes(), 0);
}

#[test]
fn errors_of_the_system_are_errors() {
    let nowhere = Path::new("/nowhere/at/all");
    assert_eq!(MappedFile::new(nowhere, 4096).unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(MappedFile::scratch(nowhere, 4096).unwrap_err().kind(), ErrorKind::NotFound);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    for too_much in [1 << 56, i64::MAX as u64, u64::MAX] {
        assert!(MappedFile::scratch(folder.path(), too_much).is_err());
        assert!(MappedFile::new(&path, too_much).is_err());
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0, "it takes no room");
    }
}

#[test]
fn a_file_is_mapped_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    let first = MappedFile::new(&path, 4096).unwrap();
    let error = MappedFile::new(&path, 4096).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(error.to_string(), "the file is in use elsewhere");
    drop(first);
    MappedFile::new(&path, 4096).unwrap();
}

/// Reading the mapping itself would end the process by SIGBUS.
#[test]
fn a_file_cut_short_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    let mut file = MappedFile::new(&path, 1 << 20).unwrap();
    let mut back = vec![0; 5000];
    file.write(1 << 19, &back).unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_len((1 << 19) + 4999).unwrap();
    let error = file.read(1 << 19, &mut back).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(file.write(1 << 19, &back).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    file.read(1 << 19, &mut back[..4999]).unwrap();
    file.read(0, &mut back).unwrap();
}

/// A tier on it gives back what it was given, in the background or not; what is too much is full.
#[test]
fn tiers_keep_their_data_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("snapshots");
    for depth in [0, 2] {
        let medium = Box::new(MappedFile::new(&path, 64 << 10).unwrap());
        let mut tier =
            BytesOptions::on(medium).queue(depth).build(|_| vec![0.0_f64; 1000]).unwrap();
        for step in 0..5 {
            tier.store(key(step), vec![step as f64; 1000]).unwrap();
        }
        tier.drain().unwrap();
        for step in (0..5).rev() {
            assert!(matches!(tier.load(key(step)), Ok(Loaded::Owned(x)) if x[999] == step as f64));
        }
        let mut full =
            (5..20).map(|step| tier.store(key(step), vec![0.0; 1000]).and_then(|()| tier.drain()));
        let full = full.find_map(Result::err).unwrap();
        assert!(matches!(full, TierError::Full { .. }), "{full}");
    }
}

/// A manifest finds the data again in another life of the file.
#[test]
fn data_outlive_the_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let (path, manifest) = (folder.path().join("snapshots"), folder.path().join("manifest"));
    let open = || {
        let medium = Box::new(MappedFile::new(&path, 64 << 10).unwrap());
        let options = BytesOptions::on(medium).manifest(&manifest, 7);
        options.build(|_| vec![0_u8; 5000]).unwrap()
    };
    let mut tier = open();
    tier.store(key(3), vec![9; 5000]).unwrap();
    drop(tier);
    let mut tier = open();
    assert_eq!(tier.held(), [key(3)]);
    assert_eq!(tier.take(key(3)).unwrap(), vec![9; 5000]);
}
