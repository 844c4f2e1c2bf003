"""What answers the fields, one module for each topic; ``bot.testing.graphql.schema`` imports them all."""
