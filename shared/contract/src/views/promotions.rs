//! Promotions that customers have, as they are answered.

use domain::customer_promotion::{CustomerPromotion, CustomerPromotionData, CustomerPromotionId, HoldingStatus};
use domain::money::Paid;
use domain::promotion::{DiscountType, Promotion, PromotionCode, Trigger};
use domain::value::Text;
use domain::{CustomerId, OrderId, PromotionId, Row, Time, UserId};

crate::answer! {
    /// A promotion that a customer has or had.
    pub struct HeldPromotion {
        pub id: CustomerPromotionId,
        pub customer_id: CustomerId,
        pub promotion_id: PromotionId,
        /// How an order names it.
        pub code: PromotionCode,
        pub name: Text<200>,
        pub discount_type: DiscountType,
        /// Percent of the subtotal, or minor units.
        pub discount_value: Paid,
        /// The most that it comes to, minor units.
        pub max_discount_minor: Option<Paid>,
        /// Why it was given: MANUAL where somebody did.
        pub trigger: Trigger,
        /// Who gave it: a user, or AUTO.
        pub assigned_by: String,
        /// ASSIGNED while it waits for an order that names it.
        pub status: HoldingStatus,
        /// The order that it discounted.
        pub order_id: Option<OrderId>,
        /// The order that brought it.
        pub from_order_id: Option<OrderId>,
        /// From when an order can name it.
        pub starts_at: Time,
        pub assigned_at: Time,
        pub redeemed_at: Option<Time>,
        /// When it is over.
        pub expires_at: Option<Time>,
    }
}

impl HeldPromotion {
    /// What a customer has of a promotion at a moment.
    pub fn new(held: &Row<CustomerPromotion>, promotion: &Row<Promotion>, now: Time) -> Self {
        let CustomerPromotionData {
            customer_id,
            promotion_id,
            code,
            assigned_by,
            trigger,
            from_order_id,
            order_id,
            status: _,
            assigned_at,
            redeemed_at,
        } = held.data.clone();
        let terms = &promotion.data;
        Self {
            id: held.id,
            customer_id,
            promotion_id,
            code,
            name: terms.name.clone(),
            discount_type: terms.discount_type,
            discount_value: terms.discount_value,
            max_discount_minor: terms.max_discount_minor,
            trigger,
            assigned_by: assigned_by.map_or_else(|| "AUTO".to_owned(), |user: UserId| user.to_string()),
            status: held.standing(promotion, now),
            order_id,
            from_order_id,
            starts_at: terms.starts_at,
            assigned_at,
            redeemed_at,
            expires_at: terms.ends_at,
        }
    }
}
