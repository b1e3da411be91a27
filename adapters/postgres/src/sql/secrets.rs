statements! {}
