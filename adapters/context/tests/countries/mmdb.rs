//! Writes small MMDB files: <https://maxmind.github.io/MaxMind-DB/>.

use std::net::Ipv6Addr;

/// A value of the data section.
pub(crate) enum MmdbValue {
    Text(&'static str),
    Map(Vec<(&'static str, MmdbValue)>),
}

/// A node of the search tree: what follows a 0 and a 1.
type TreeNode = [TreeRecord; 2];

#[derive(Clone, Copy)]
enum TreeRecord {
    Empty,
    Node(usize),
    /// An offset in the data section.
    Data(usize),
}

/// Returns a database of IPv6 networks and their records, in which IPv4 addresses are below `::/96`.
pub(crate) fn database(networks: &[(Ipv6Addr, u8, MmdbValue)]) -> Vec<u8> {
    let (mut nodes, mut data) = (vec![[TreeRecord::Empty; 2]], Vec::new());
    for (address, length, value) in networks {
        let offset = data.len();
        write_value(&mut data, value);
        insert(&mut nodes, u128::from(*address), *length, TreeRecord::Data(offset));
    }
    let mut file = Vec::new();
    for record in nodes.iter().flatten() {
        let number = match *record {
            TreeRecord::Empty => nodes.len(),
            TreeRecord::Node(node) => node,
            TreeRecord::Data(offset) => nodes.len() + 16 + offset,
        };
        file.extend_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    }
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    write_metadata(&mut file, nodes.len());
    file
}

fn insert(nodes: &mut Vec<TreeNode>, address: u128, length: u8, record: TreeRecord) {
    let mut node = 0;
    for bit in 0..length {
        let side = usize::from(address >> (127 - bit) & 1 == 1);
        if bit + 1 == length {
            nodes[node][side] = record;
            return;
        }
        node = match nodes[node][side] {
            TreeRecord::Node(next) => next,
            TreeRecord::Empty | TreeRecord::Data(_) => {
                nodes.push([TreeRecord::Empty; 2]);
                let next = nodes.len() - 1;
                nodes[node][side] = TreeRecord::Node(next);
                next
            }
        };
    }
}

fn write_value(data: &mut Vec<u8>, value: &MmdbValue) {
    match value {
        MmdbValue::Text(text) => write_text(data, text),
        MmdbValue::Map(entries) => {
            data.push(7 << 5 | u8::try_from(entries.len()).unwrap());
            for (key, value) in entries {
                write_text(data, key);
                write_value(data, value);
            }
        }
    }
}

/// Writes a text of at most 28 bytes.
fn write_text(data: &mut Vec<u8>, text: &str) {
    assert!(text.len() < 29, "{text}");
    data.push(2 << 5 | u8::try_from(text.len()).unwrap());
    data.extend_from_slice(text.as_bytes());
}

fn write_metadata(file: &mut Vec<u8>, nodes: usize) {
    let count = u32::try_from(nodes).unwrap().to_be_bytes();
    // The types: 5 is an unsigned number of 16 bits, 6 one of 32 bits. Types above 7 have a second byte: 9 is one of 64
    // bits, 11 a list.
    file.push(7 << 5 | 9);
    for (key, number) in [
        ("binary_format_major_version", &[5 << 5 | 1, 2][..]),
        ("binary_format_minor_version", &[5 << 5]),
        ("record_size", &[5 << 5 | 1, 32]),
        ("ip_version", &[5 << 5 | 1, 6]),
        ("build_epoch", &[4, 9 - 7, 0x6a, 0, 0, 0]),
        ("languages", &[0, 11 - 7]),
        ("description", &[7 << 5]),
    ] {
        write_text(file, key);
        file.extend_from_slice(number);
    }
    write_text(file, "node_count");
    file.push(6 << 5 | 4);
    file.extend_from_slice(&count);
    write_text(file, "database_type");
    write_text(file, "Test");
}
