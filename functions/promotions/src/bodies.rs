//! What a create and a change of a promotion take.

use contract::{List, Patch};
use domain::Time;
use domain::customer::LevelCode;
use domain::money::Paid;
use domain::promotion::{
    ApplyTo, Beneficiary, DiscountType, PerCustomerLimit, PromotionCode, PromotionData, PromotionStatus, PromotionText, Trigger, UsageLimit,
};
use domain::value::{Prose, Text};

/// Loyalty levels: as many as there are.
pub type Levels = List<LevelCode, 4>;

contract::editable! {
    /// A new promotion.
    create CreatePromotion,
    /// The fields to change. What a promotion is worth and to whom, and its code, stay as they are once somebody was given it.
    change UpdatePromotion,
    data PromotionData {
        /// How orders name it; unique.
        code: PromotionCode,
        name: Text<200>,
        /// FIRST_PURCHASE, MIN_PURCHASE and CUSTOMER_LEVEL apply by themselves, REFERRAL is given when a customer brings another one,
        /// MANUAL is given by hand.
        trigger: Trigger,
        /// Of MIN_PURCHASE: the subtotal from which it applies, minor units.
        min_order_minor: Option<Paid>,
        /// Of REFERRAL: who gets it.
        beneficiary: Option<Beneficiary>,
        discount_type: DiscountType,
        /// 1 to 100 percent of the subtotal, or minor units.
        discount_value: Paid,
        /// Of PERCENT: the most that it comes to, minor units.
        max_discount_minor: Option<Paid>,
        /// When it is over; not before it begins.
        ends_at: Option<Time>,
        /// How often it can be given in all; without a limit when not given.
        usage_limit: Option<UsageLimit>,
    }
    defaulted {
        /// CURRENT_ORDER for a new promotion when not given: the order to which it applies. NEXT_ORDER: the customer is given it, and
        /// names it in a later one.
        apply_to: ApplyTo,
        /// Whether it is added to others; false for a new promotion when not given. Of an order counts the larger of the best one that
        /// is not, and the sum of those that are.
        stackable: bool,
        /// From when it is in force; at once for a new promotion when not given.
        starts_at: Time,
        /// How often a customer can be given it; once for a new promotion when not given.
        per_customer_limit: PerCustomerLimit,
        /// DRAFT for a new promotion when not given, or ACTIVE; DRAFT to ACTIVE, ACTIVE to PAUSED or EXPIRED, PAUSED to ACTIVE or
        /// EXPIRED.
        status: PromotionStatus,
    }
    text PromotionText {
        description: Option<Prose>,
    }
    create {
        /// Of CUSTOMER_LEVEL: the levels to which it applies.
        level_codes: Option<Levels>,
    }
    change {
        /// Of CUSTOMER_LEVEL: the levels to which it applies.
        level_codes: Patch<Levels>,
    }
    elsewhere { level_codes }
}
