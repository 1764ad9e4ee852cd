// What a generated client knows: this compiles where the document names its types and says what is in
// them. Nothing of it is run.
import type { components, operations, paths } from "./crm";

type Schemas = components["schemas"];

export const customer = (page: Schemas["CustomerPage"]): Schemas["Customer"] => page;
export const row = (whole: Schemas["Lead"]): Schemas["LeadRow"] => whole;
export const city = (of: Schemas["CustomerRow"]): string | null | undefined => of.address?.city;
export const status: Schemas["LeadStatus"] = "CONTACTED";
// @ts-expect-error: an enumeration has no other values
export const wrong: Schemas["LeadStatus"] = "contacted";

export const create: Schemas["CreateCustomer"] = { name: "Acme", address: { city: "Oslo", country: "NO" } };
// @ts-expect-error: a customer has a name
export const nameless: Schemas["CreateCustomer"] = {};
// @ts-expect-error: a body takes no other fields
export const more: Schemas["UpdateCustomer"] = { nmae: "Acme" };

type List = operations["list_leads"];
export const query: List["parameters"]["query"] = { status: "NEW", ownerId: "me", sort: "-createdAt", limit: 50 };
export const next = (list: List["responses"][200]["content"]["application/json"]): string | null => list.meta.nextCursor;
export const problem = (of: Schemas["Problem"]): [Schemas["ProblemCode"], Schemas["FieldError"] | undefined] => [of.code, of.errors[0]];
export const tag = (of: paths["/api/v1/leads/{id}"]["get"]["responses"][200]["headers"]): string => of.ETag;
