mod comparison;
mod periods;
mod site;
mod special;
