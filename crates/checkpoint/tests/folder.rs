//! Folders of snapshot files: owned by a lock, left behind by a crash, never taken from a run that
//! is still going.

use std::fs::File;
use std::path::Path;
use std::time::SystemTime;

use retrograd_checkpoint::tier::folder::{Folder, FolderError, LEASE, abandoned, clean};

fn left_behind(parent: &Path, run: &str) -> std::path::PathBuf {
    let mut folder = Folder::open(parent, run).unwrap();
    folder.keep();
    std::fs::write(folder.path().join("data"), "snapshots").unwrap();
    folder.path().to_owned()
}

#[test]
fn a_folder_is_removed_with_its_owner() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::open(parent.path(), "shot-3").unwrap();
    let path = folder.path().to_owned();
    assert!(path.ends_with("retrograd-snapshots-shot-3") && path.is_dir());
    drop(folder);
    assert!(!path.exists());
}

#[test]
fn a_folder_that_was_to_be_kept_can_be_removed() {
    let parent = tempfile::tempdir().unwrap();
    assert!(!Folder::exists(parent.path(), "shot-3"));
    let path = left_behind(parent.path(), "shot-3");
    assert!(path.is_dir() && Folder::exists(parent.path(), "shot-3"));
    Folder::open(parent.path(), "shot-3").unwrap().remove();
    assert!(!path.exists());
}

#[test]
fn a_folder_that_is_owned_is_nobody_elses() {
    let parent = tempfile::tempdir().unwrap();
    let folder = Folder::open(parent.path(), "shot-3").unwrap();
    let error = Folder::open(parent.path(), "shot-3").unwrap_err();
    assert!(matches!(error, FolderError::Taken { .. }));
    assert!(error.to_string().contains("belongs to a run that is still going"));
    assert_eq!(abandoned(parent.path()).unwrap(), Vec::<std::path::PathBuf>::new());
    assert_eq!(clean(parent.path()).unwrap(), Vec::<std::path::PathBuf>::new());
    assert!(folder.path().is_dir());
}

#[test]
fn what_a_crash_leaves_is_adopted_or_cleaned() {
    let parent = tempfile::tempdir().unwrap();
    let path = left_behind(parent.path(), "a");
    std::fs::create_dir(parent.path().join("somebody-elses")).unwrap();
    let again = Folder::open(parent.path(), "a").unwrap();
    assert_eq!(std::fs::read_to_string(again.path().join("data")).unwrap(), "snapshots");
    drop(again);
    let path_b = left_behind(parent.path(), "b");
    let expected = vec![path_b.clone()];
    assert_eq!(abandoned(parent.path()).unwrap(), expected);
    assert_eq!(clean(parent.path()).unwrap(), expected);
    assert!(!path.exists() && !path_b.exists());
    assert!(parent.path().join("somebody-elses").is_dir());
}

#[test]
fn an_expired_lease_is_removed_by_the_next_run() {
    let parent = tempfile::tempdir().unwrap();
    let (old, young) = (left_behind(parent.path(), "old"), left_behind(parent.path(), "young"));
    let lock = File::options().write(true).open(old.join("lock")).unwrap();
    lock.set_modified(SystemTime::now() - LEASE - LEASE / 100).unwrap();
    drop(lock);
    let _folder = Folder::open(parent.path(), "new").unwrap();
    assert!(!old.exists() && young.is_dir());
}

#[test]
fn bad_places_and_names_are_errors() {
    let parent = tempfile::tempdir().unwrap();
    for run in ["", "a/b", "ü", &"x".repeat(101)] {
        let error = Folder::open(parent.path(), run).unwrap_err();
        assert!(error.to_string().starts_with(&format!("`{run}` cannot name a run")), "{error}");
    }
    let nowhere = parent.path().join("nowhere");
    let error = Folder::open(&nowhere, "a").unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read the folder {}", nowhere.display()));
    assert!(!nowhere.exists());
}

#[test]
fn a_lease_is_renewed() {
    let parent = tempfile::tempdir().unwrap();
    let mut folder = Folder::open(parent.path(), "long").unwrap();
    folder.keep();
    let path = folder.path().to_owned();
    let old = SystemTime::now() - 2 * LEASE;
    File::options().write(true).open(path.join("lock")).unwrap().set_modified(old).unwrap();
    folder.renew();
    drop(folder);
    drop(Folder::open(parent.path(), "other").unwrap());
    assert!(path.is_dir(), "it was in use just now");
}
