//! The rules of promotions in plain words: what is asked of the CRM is worked out here once more, on its own. Where the rules
//! are silent (which of several discounts goes first, what is shown of what ended by hand) it says what the CRM was seen to do.

use serde_json::Value;

/// Where what a customer was given stands.
pub const ASSIGNED: &str = "ASSIGNED";
const REDEEMED: &str = "REDEEMED";
const REVOKED: &str = "REVOKED";
pub const EXPIRED: &str = "EXPIRED";

/// A promotion.
pub struct Rule {
    pub id: String,
    pub code: String,
    pub trigger: &'static str,
    pub least: i64,
    pub levels: Vec<&'static str>,
    pub beneficiary: &'static str,
    pub percent: bool,
    pub value: i64,
    pub most: Option<i64>,
    pub next_order: bool,
    pub stackable: bool,
    /// Minutes after everything began.
    pub starts: i64,
    pub ends: Option<i64>,
    pub limit: Option<usize>,
    pub each: usize,
    pub status: &'static str,
    /// Whether it was deleted while it lasted: what waited for an order, or would again, is taken back.
    pub is_revoked: bool,
}

pub struct Customer {
    pub id: String,
    pub level: String,
    pub referrer: Option<usize>,
}

/// What a customer was given, by which order if one brought it.
pub struct Held {
    pub customer: usize,
    pub rule: usize,
    pub status: &'static str,
    pub brought_by: Option<usize>,
    pub used_by: Option<usize>,
}

pub struct Placed {
    pub id: String,
    pub customer: usize,
    /// What it got, as it was answered.
    pub discounts: Value,
    pub cancelled: bool,
}

/// A promotion that an order could use: which, what the customer had of it already, and what it takes off.
type Offer = (usize, Option<usize>, i64);

/// The state of a company, and the rules.
#[derive(Default)]
pub struct World {
    /// Minutes after everything began.
    pub now: i64,
    pub rules: Vec<Rule>,
    pub customers: Vec<Customer>,
    pub held: Vec<Held>,
    pub orders: Vec<Placed>,
}

impl Rule {
    /// Half up, and never more than its most.
    fn takes_off(&self, subtotal: i64) -> i64 {
        match self.percent {
            true => ((subtotal * self.value + 50) / 100).min(self.most.unwrap_or(i64::MAX)),
            false => self.value,
        }
    }

    pub fn is_over(&self, now: i64) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    fn is_in_force(&self, now: i64) -> bool {
        self.status == "ACTIVE" && self.starts <= now && !self.is_over(now)
    }

    pub fn delete(&mut self, now: i64) {
        self.is_revoked |= self.status != EXPIRED && !self.is_over(now);
        self.status = EXPIRED;
    }

    /// Where it can go by hand.
    pub fn allowed(&self) -> &'static [&'static str] {
        match self.status {
            "DRAFT" => &["ACTIVE"],
            "ACTIVE" => &["PAUSED", EXPIRED],
            "PAUSED" => &["ACTIVE", EXPIRED],
            _ => &[],
        }
    }
}

impl World {
    /// How many of it wait or are used: by a customer, or in all.
    fn taken(&self, rule: usize, customer: Option<usize>) -> usize {
        let counts = |held: &&Held| held.rule == rule && customer.is_none_or(|customer| held.customer == customer);
        self.held.iter().filter(counts).filter(|held| held.status == ASSIGNED || held.used_by.is_some()).count()
    }

    pub fn is_exhausted(&self, rule: usize) -> bool {
        self.rules[rule].limit.is_some_and(|limit| self.taken(rule, None) >= limit)
    }

    fn is_below_limits(&self, rule: usize, customer: usize) -> bool {
        !self.is_exhausted(rule) && self.taken(rule, Some(customer)) < self.rules[rule].each
    }

    /// What the customer has of it that waits; the oldest first.
    pub fn waiting(&self, rule: usize, customer: usize) -> Option<usize> {
        self.held.iter().position(|held| held.rule == rule && held.customer == customer && held.status == ASSIGNED)
    }

    fn give(&mut self, rule: usize, customer: usize, brought_by: Option<usize>) {
        self.held.push(Held { customer, rule, status: ASSIGNED, brought_by, used_by: None });
    }

    /// What is in force gives the customer one, where nothing stands in the way.
    fn give_if_possible(&mut self, rule: usize, customer: usize) {
        if self.rules[rule].is_in_force(self.now) && self.is_below_limits(rule, customer) {
            self.give(rule, customer, None);
        }
    }

    /// Whether it applies to an order by itself.
    fn applies(&self, rule: usize, customer: usize, subtotal: i64) -> bool {
        let it = &self.rules[rule];
        let triggered = match it.trigger {
            "FIRST_PURCHASE" => !self.orders.iter().any(|order| order.customer == customer && !order.cancelled),
            "MIN_PURCHASE" => subtotal >= it.least,
            "CUSTOMER_LEVEL" => !it.next_order && it.levels.contains(&self.customers[customer].level.as_str()),
            _ => false,
        };
        triggered && it.is_in_force(self.now) && self.is_below_limits(rule, customer)
    }

    /// The promotions that an order names, or the places of the codes that it cannot.
    pub fn named(&self, customer: usize, codes: &[String]) -> Result<Vec<(usize, usize)>, Vec<usize>> {
        let find = |place: usize| {
            let code = codes[place].to_uppercase();
            let rule = self.rules.iter().position(|rule| rule.code == code && rule.is_in_force(self.now))?;
            let is_first = !codes[..place].iter().any(|earlier| earlier.to_uppercase() == code);
            Some((rule, self.waiting(rule, customer).filter(|_| is_first)?))
        };
        let found: Vec<_> = (0..codes.len()).map(find).collect();
        let wrong: Vec<usize> = (0..codes.len()).filter(|place| found[*place].is_none()).collect();
        if wrong.is_empty() { Ok(found.into_iter().flatten().collect()) } else { Err(wrong) }
    }

    /// Of what an order could use, the larger of the best one that stands alone and the sum of those that do not. The larger
    /// goes first, then what applies by itself, which leaves the customer what is there already.
    fn chosen(&self, mut offers: Vec<Offer>, subtotal: i64) -> Vec<Offer> {
        offers.sort_by_key(|(rule, held, amount)| (-amount, held.is_some(), *rule));
        let (stack, single): (Vec<Offer>, Vec<Offer>) = offers.into_iter().partition(|offer| self.rules[offer.0].stackable);
        match single.first() {
            Some(best) if best.2 >= stack.iter().map(|offer| offer.2).sum::<i64>().min(subtotal) => vec![*best],
            _ => stack,
        }
    }

    /// An order that is placed: which promotions take off how much. What comes to nothing is not used.
    pub fn order(&mut self, customer: usize, subtotal: i64, named: &[(usize, usize)]) -> Vec<(usize, i64)> {
        let order = self.orders.len();
        let (later, now): (Vec<usize>, Vec<usize>) =
            (0..self.rules.len()).filter(|rule| self.applies(*rule, customer, subtotal)).partition(|rule| self.rules[*rule].next_order);
        let by_itself = now.into_iter().filter(|rule| !named.iter().any(|(named, _)| named == rule)).map(|rule| (rule, None));
        let uses = named.iter().map(|(rule, held)| (*rule, Some(*held))).chain(by_itself);
        let offers = uses.map(|(rule, held)| (rule, held, self.rules[rule].takes_off(subtotal).min(subtotal))).collect();
        let mut left = subtotal;
        let mut discounts = Vec::new();
        for (rule, held, amount) in self.chosen(offers, subtotal) {
            let amount = amount.min(left);
            if amount == 0 {
                continue;
            }
            left -= amount;
            discounts.push((rule, amount));
            match held {
                Some(held) => (self.held[held].status, self.held[held].used_by) = (REDEEMED, Some(order)),
                None => self.held.push(Held { customer, rule, status: REDEEMED, brought_by: Some(order), used_by: Some(order) }),
            }
        }
        for rule in later {
            self.give(rule, customer, Some(order));
        }
        discounts
    }

    /// What an order made is taken back, and what was there before waits again.
    pub fn cancel(&mut self, order: usize) {
        if std::mem::replace(&mut self.orders[order].cancelled, true) {
            return;
        }
        for held in &mut self.held {
            if held.used_by == Some(order) {
                held.used_by = None;
                held.status = if held.status == REDEEMED { ASSIGNED } else { held.status };
            }
            if held.brought_by == Some(order) {
                held.status = REVOKED;
            }
        }
    }

    /// Given by hand: the status and the code of the answer.
    pub fn assign(&mut self, rule: usize, customer: usize) -> (u16, &'static str) {
        if self.rules[rule].status != "ACTIVE" || self.rules[rule].is_over(self.now) {
            return (409, "PROMOTION_TRANSITION");
        }
        if self.waiting(rule, customer).is_some() {
            return (200, "");
        }
        if !self.is_below_limits(rule, customer) {
            return (409, "LIMIT_REACHED");
        }
        self.give(rule, customer, None);
        (201, "")
    }

    /// Whether somebody brought a customer, at however many removes.
    pub fn is_brought_by(&self, customer: usize, referrer: usize) -> bool {
        std::iter::successors(self.customers[customer].referrer, |by| self.customers[*by].referrer).any(|by| by == referrer)
    }

    /// A customer is brought by another one.
    pub fn refer(&mut self, customer: usize, referrer: usize) {
        self.customers[customer].referrer = Some(referrer);
        for rule in 0..self.rules.len() {
            if self.rules[rule].trigger != "REFERRAL" {
                continue;
            }
            for (who, not) in [(referrer, "REFEREE"), (customer, "REFERRER")] {
                if self.rules[rule].beneficiary != not {
                    self.give_if_possible(rule, who);
                }
            }
        }
    }

    /// The night found another level.
    pub fn reach(&mut self, customer: usize, level: String) {
        if std::mem::replace(&mut self.customers[customer].level, level.clone()) == level {
            return;
        }
        for rule in 0..self.rules.len() {
            let it = &self.rules[rule];
            if it.trigger == "CUSTOMER_LEVEL" && it.next_order && it.levels.contains(&level.as_str()) {
                self.give_if_possible(rule, customer);
            }
        }
    }

    /// Where what a customer was given stands, as it is shown.
    fn status(&self, held: &Held) -> &'static str {
        let rule = &self.rules[held.rule];
        match held.status {
            ASSIGNED if rule.is_revoked => REVOKED,
            ASSIGNED if rule.status == EXPIRED || rule.is_over(self.now) => EXPIRED,
            status => status,
        }
    }

    /// What a customer has, as it is shown, sorted.
    pub fn shown(&self, customer: usize) -> Vec<(&str, &str)> {
        let held = self.held.iter().filter(|held| held.customer == customer);
        let mut shown: Vec<_> = held.map(|held| (self.rules[held.rule].code.as_str(), self.status(held))).collect();
        shown.sort_unstable();
        shown
    }
}
