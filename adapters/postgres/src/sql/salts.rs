//! The salts of the visitor keys.

statements! {
    SALT(DATE) = "SELECT salt FROM salts WHERE day = $1";

    /// Returns the salt of the day. Stores `$2` if it has none.
    ADD_SALT(DATE, BYTEA) = "INSERT INTO salts (day, salt) VALUES ($1, $2)
        ON CONFLICT (day) DO UPDATE SET salt = salts.salt RETURNING salt";

    /// Erases the salts of the days before this one.
    EXPIRE_SALTS(DATE) = "DELETE FROM salts WHERE day < $1";
}
