//! The table of products.

use sea_orm::{
    ActiveValue::Set, ConnectionTrait, DatabaseConnection, DbErr, Schema, entity::prelude::*, sea_query::OnConflict,
};

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "products")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub slug: String,
    pub name: String,
    pub cents: i32,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

const FIRST_PRODUCTS: [(&str, &str, i32); 3] = [
    ("teapot", "Teapot", 2400),
    ("cup", "Cup & saucer", 900),
    ("tea", "Black tea", 650),
];

/// Creates the table, and the first products that it does not have.
pub async fn migrate(db: &DatabaseConnection) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let mut table = Schema::new(backend).create_table_from_entity(Entity);
    db.execute(table.if_not_exists()).await?;
    let products = FIRST_PRODUCTS.map(|(slug, name, cents)| ActiveModel {
        slug: Set(slug.into()),
        name: Set(name.into()),
        cents: Set(cents),
    });
    let known = OnConflict::column(Column::Slug).do_nothing().to_owned();
    Entity::insert_many(products)
        .on_conflict(known)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
