use super::*;
use proptest::prelude::*;

/// A `.npy` file, version 1, byte by byte.
fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.bytes());
    file.extend(data);
    file
}

fn read_bytes(bytes: &[u8]) -> Result<Array, NpyError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vp.npy");
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}

#[track_caller]
fn check_error(bytes: &[u8], parts: &[&str]) {
    let message = read_bytes(bytes).unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn f64_big_endian_and_fortran_order_are_understood() {
    let data: Vec<u8> =
        [1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0].iter().flat_map(|v| v.to_be_bytes()).collect();
    let c = read_bytes(&npy(">f8", "False", "(2, 3)", &data)).unwrap();
    assert_eq!(c.values.into_f64(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let fortran = read_bytes(&npy(">f8", "True", "(2, 3)", &data)).unwrap();
    assert_eq!(fortran.shape, [2, 3]);
    assert_eq!(fortran.values.into_f32(), [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
}

#[test]
fn what_is_written_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vp.npy");
    let values: Vec<f32> = (0..24).map(|i| i as f32 * 0.1).collect();
    write_f32(&path, &[2, 3, 4], &values).unwrap();
    let array = read_shaped(&path, &[2, 3, 4]).unwrap();
    assert_eq!(array.values, Values::F32(values));
}

#[test]
fn errors_say_file_found_allowed_and_remedy() {
    let data = [0_u8; 24];
    check_error(&npy("<i4", "False", "(6,)", &data), &["vp.npy", "<i4", "'<f4'", "astype"]);
    check_error(
        &npy("<f4", "False", "(2, 4)", &data),
        &["vp.npy: 152 bytes, but shape (2, 4) of f32 needs 160", "cut short"],
    );
    check_error(&npy("<f4", "False", "(2, 2)", &data), &["8 bytes follow the last element"]);
    check_error(b"PK\x03\x04", &["vp.npy: not a NumPy array", "numpy.save"]);
    check_error(b"", &["vp.npy"]);
    let nan: Vec<u8> = [0.0, 1.0, 2.0, f32::NAN, f32::INFINITY, 3.0]
        .iter()
        .flat_map(|v: &f32| v.to_le_bytes())
        .collect();
    check_error(&npy("<f4", "False", "(2, 3)", &nan), &["NaN at index (1, 0), and 1 more"]);
}

#[test]
fn a_header_that_claims_exabytes_allocates_nothing() {
    for shape in ["(4000000000, 4000000000)", "(99999999999999999,)"] {
        check_error(&npy("<f8", "False", shape, &[0; 8]), &["vp.npy", "bytes, but shape"]);
    }
}

#[test]
fn a_transposed_array_is_recognised() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vp.npy");
    write_f32(&path, &[2, 3], &[0.0; 6]).unwrap();
    let message = |shape: &[usize]| read_shaped(&path, shape).unwrap_err().to_string();
    let swapped = message(&[3, 2]);
    assert!(swapped.contains("shape (2, 3), but the grid has (3, 2)"), "{swapped}");
    assert!(swapped.contains("save `array.T`"), "{swapped}");
    assert!(message(&[1, 6]).contains("equally many values"));
    assert!(message(&[5, 5]).contains("resample"));
}

#[test]
fn raw_files_must_have_exactly_the_size() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vp.bin");
    let bytes: Vec<u8> = [1.5_f32, -2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write(&path, bytes).unwrap();
    assert_eq!(read_raw_f32(&path, &[2, 1]).unwrap().values, Values::F32(vec![1.5, -2.0]));
    let message = read_raw_f32(&path, &[3]).unwrap_err().to_string();
    assert!(message.contains("vp.bin: 8 bytes, but shape (3) of f32 needs 12"), "{message}");
    let message = read_raw_f32(&path, &[1]).unwrap_err().to_string();
    assert!(message.contains("may hold f64"), "{message}");
    assert!(read_raw_f32(&path, &[usize::MAX, 9]).is_err());
}

proptest! {
    /// No bytes whatsoever may panic or exhaust memory.
    #[test]
    fn any_damage_is_an_error_or_an_array(
        at in 0_usize..152, to in 0_u8..=255, cut in 0_usize..153,
    ) {
        let mut bytes = npy("<f4", "False", "(2, 3)", &[0; 24]);
        bytes[at] = to;
        bytes.truncate(cut);
        let _ = read_bytes(&bytes);
    }
}
