import type { Domain } from "../../generate/domain.ts";
import { clinic } from "./domains/clinic.ts";
import { cloud } from "./domains/cloud.ts";
import { crm } from "./domains/crm.ts";
import { forge } from "./domains/forge.ts";
import { home } from "./domains/home.ts";
import { legal } from "./domains/legal.ts";
import { people } from "./domains/people.ts";
import { procurement } from "./domains/procurement.ts";
import { realty } from "./domains/realty.ts";
import { school } from "./domains/school.ts";
import { shop } from "./domains/shop.ts";
import { social } from "./domains/social.ts";

/** Companies unlike those of the development data. */
export const DOMAINS: readonly Domain[] = [
  clinic,
  cloud,
  crm,
  forge,
  home,
  legal,
  people,
  procurement,
  realty,
  school,
  shop,
  social,
];
