//! What can be done to the table, as policies name it.

/// What is done to the table: the actions a function is allowed, one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// `dynamodb:GetItem`
    Get,
    /// `dynamodb:BatchGetItem`
    BatchGet,
    /// `dynamodb:Query` on the indexes: lists
    Query,
    /// `dynamodb:Query` on the table itself: what stands beside a record
    QueryTable,
    /// `dynamodb:PutItem`, alone or in a transaction
    Put,
    /// `dynamodb:UpdateItem`, alone or in a transaction
    Update,
    /// `dynamodb:UpdateItem` on the counters of attempts, and nothing else
    Count,
    /// `dynamodb:DeleteItem`, alone or in a transaction
    Delete,
    /// `dynamodb:BatchWriteItem`
    BatchWrite,
    /// `dynamodb:ConditionCheckItem`
    Check,
    /// `dynamodb:DescribeTable`
    Describe,
    /// `dynamodb:UpdateTable`: settings of the table as a whole, none of its items
    Configure,
}

impl Action {
    /// Its name: the IAM action without the service prefix, and where it makes a difference on what.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GetItem",
            Self::BatchGet => "BatchGetItem",
            Self::Query => "Query",
            Self::QueryTable => "QueryTable",
            Self::Put => "PutItem",
            Self::Update => "UpdateItem",
            Self::Count => "Count",
            Self::Delete => "DeleteItem",
            Self::BatchWrite => "BatchWriteItem",
            Self::Check => "ConditionCheckItem",
            Self::Describe => "DescribeTable",
            Self::Configure => "UpdateTable",
        }
    }
}
