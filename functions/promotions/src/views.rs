//! What promotion routes answer.

use domain::Time;
use domain::customer::LevelCode;
use domain::money::Paid;
use domain::promotion::{
    ApplyTo, Beneficiary, DiscountType, PerCustomerLimit, Promotion, PromotionCode, PromotionData, PromotionDerived, PromotionStatus, Trigger,
    UsageLimit, Uses,
};
use domain::value::{Prose, Text};

contract::row! {
    /// A promotion as lists show it: without its description.
    pub struct PromotionRow of Promotion, (uses: Uses)
    data PromotionData {
        code: PromotionCode,
        name: Text<200>,
        trigger: Trigger,
        /// The subtotal from which it applies, minor units.
        min_order_minor: Option<Paid>,
        /// The levels to which it applies.
        level_codes: Vec<LevelCode>,
        /// Who of the two gets it.
        beneficiary: Option<Beneficiary>,
        discount_type: DiscountType,
        /// Percent of the subtotal, or minor units.
        discount_value: Paid,
        /// The most that it comes to, minor units.
        max_discount_minor: Option<Paid>,
        apply_to: ApplyTo,
        /// Whether it is added to others.
        stackable: bool,
        starts_at: Time,
        ends_at: Option<Time>,
        /// How often it can be given in all.
        usage_limit: Option<UsageLimit>,
        /// How often a customer can be given it.
        per_customer_limit: PerCustomerLimit,
        status: PromotionStatus,
    } hidden {}
    derived PromotionDerived {} hidden { deleted_at }
    computed {
        /// How many orders it discounted.
        used_count: u64 = |_promotion| uses.used,
        /// How many customers were given it and have not used it yet.
        assigned_count: u64 = |_promotion| uses.assigned,
        /// Whether it was given as often as it can be.
        exhausted: bool = |promotion| promotion.data.is_exhausted(uses),
    }
}

contract::whole! {
    /// A whole promotion.
    pub struct PromotionOut of Promotion as PromotionRow, (uses: Uses) {
        description: Option<Prose> = |promotion| promotion.text.description.clone(),
    }
}
