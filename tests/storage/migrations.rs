use crate::databases::{postgres, sqlite};
use ratchet_persistence::migrations;

#[test]
fn run_up_down_and_up_again() {
    for database in [sqlite(), postgres()] {
        let mut connection = database.open();
        let all = migrations::run(&mut connection).unwrap();
        assert!(all > 0);
        assert_eq!(migrations::run(&mut connection).unwrap(), 0);
        assert_eq!(migrations::revert(&mut connection).unwrap(), all);
        assert_eq!(migrations::run(&mut connection).unwrap(), all);
    }
}
