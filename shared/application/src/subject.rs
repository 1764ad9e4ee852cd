//! What a decision is made on: something that can be loaded again.

use crate::app::App;
use crate::error::Error;
use futures::future::try_join_all;

/// What a decision is made on.
pub trait Subject: Clone + Send + Sync {
    /// It as it is now, if the one who decides still reaches it.
    fn reload(&self, app: &App) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Whether it is what it was.
    fn same(&self, other: &Self) -> bool;

    /// The version that a person's condition on it names.
    fn version(&self) -> Option<u64> {
        None
    }
}

/// Nothing: what is made new.
impl Subject for () {
    async fn reload(&self, _: &App) -> Result<Self, Error> {
        Ok(())
    }

    fn same(&self, (): &Self) -> bool {
        true
    }
}

impl<S: Subject> Subject for Option<S> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        match self {
            Some(subject) => subject.reload(app).await.map(Some),
            None => Ok(None),
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        }
    }

    fn version(&self) -> Option<u64> {
        self.as_ref().and_then(Subject::version)
    }
}

/// All that something new hangs under.
impl<S: Subject> Subject for Vec<S> {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        try_join_all(self.iter().map(|subject| subject.reload(app))).await
    }

    fn same(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().zip(other).all(|(subject, other)| subject.same(other))
    }
}

/// The first is the one that a version is asked of.
impl<A: Subject, B: Subject> Subject for (A, B) {
    async fn reload(&self, app: &App) -> Result<Self, Error> {
        tokio::try_join!(self.0.reload(app), self.1.reload(app))
    }

    fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0) && self.1.same(&other.1)
    }

    fn version(&self) -> Option<u64> {
        self.0.version()
    }
}
