import { need, tool } from "../../../form/tool.ts";
import * as v from "../../../form/values.ts";
import type { Domain } from "../../../generate/domain.ts";

/** A hospital's FHIR server: resources in, resources out; notes in free text. */
export const ward: Domain = {
  suite: "ward",
  world(r) {
    const who = v.person(r);
    const mrn = `S${r.digits(7)}`;
    const observation = (code: string, value: number, unit: string) => ({
      resource: {
        resourceType: "Observation",
        id: r.digits(6),
        code: { text: code },
        subject: { reference: `Patient/${mrn}` },
        effectiveDateTime: v.stamp(r),
        valueQuantity: { value, unit },
      },
    });
    const observations = [
      observation("Potassium", r.int(28, 52) / 10, "mmol/L"),
      observation("Magnesium", r.int(10, 22) / 10, "mg/dL"),
      observation("Glucose", r.int(60, 280), "mg/dL"),
      observation("Haemoglobin", r.int(80, 160) / 10, "g/dL"),
    ];
    const notes = [
      `Ward round ${v.day(r)}: feels better, eats. Continue ceftriaxone until ${v.spokenDay(v.day(r), r)}, then oral. Give 20 mEq potassium if below 3.5. Inform Dr ${v.person(r).last} (pager ${r.digits(4)}).`,
      `Nursing: slept well, IV left arm, ${r.int(400, 1800)} ml in. Daughter asks to be called at ${v.phone(r)} before discharge.`,
      `Physio: walks 40 m with aid. Order a rollator from ${v.company(r).name}, fax ${v.phone(r)}.`,
    ];
    const referral = `Please see this ${r.int(30, 88)}-year-old in orthopaedics within two weeks, acute left knee injury, imaging report attached. Contact: ${v.person(r).email}.`;
    const tools = [
      tool(
        "fhir_patient_search",
        "Patient.Search. Find a patient by identifier, name or birth date.",
        { "identifier?": "string MRN", "name?": "string Name", "birthdate?": "string YYYY-MM-DD" },
        () => ({
          resourceType: "Bundle",
          type: "searchset",
          total: 1,
          entry: [
            {
              resource: {
                resourceType: "Patient",
                id: mrn,
                name: [{ text: who.name }],
                telecom: [{ system: "phone", value: who.phone }],
                address: [{ text: v.address(r) }],
              },
            },
          ],
        }),
      ),
      tool(
        "fhir_observation_search",
        "Observation.Search. Labs and vitals.",
        { patient: "string Patient", code: "string Code", "date?": "string Date" },
        (a) => ({
          resourceType: "Bundle",
          type: "searchset",
          entry: observations.filter((o) => a.code === "all" || o.resource.code.text === a.code),
        }),
      ),
      tool(
        "fhir_document_search",
        "DocumentReference.Search. Notes as text.",
        { patient: "string Patient" },
        () => ({
          resourceType: "Bundle",
          entry: notes.map((n) => ({
            resource: {
              resourceType: "DocumentReference",
              content: [{ attachment: { contentType: "text/plain", data: n } }],
            },
          })),
        }),
      ),
      tool(
        "fhir_medication_request_create",
        "MedicationRequest.Create. Order a drug.",
        {
          patient: "string Patient",
          medication: "string Drug",
          dose: "string Dose",
          route: "string Route",
          "note?": "string Note",
        },
        (a) => ({
          resourceType: "MedicationRequest",
          id: r.digits(6),
          status: "active",
          intent: "order",
          medicationCodeableConcept: { text: a.medication },
        }),
      ),
      tool(
        "fhir_service_request_create",
        "ServiceRequest.Create. Order a test, referral or aid.",
        {
          patient: "string Patient",
          code: "string What",
          "occurrence?": "string When",
          "note?": "string Note",
        },
        () => ({ resourceType: "ServiceRequest", id: r.digits(6), status: "active", intent: "order" }),
      ),
      tool(
        "fhir_vital_create",
        "Observation.Create. Record a vital sign.",
        { patient: "string Patient", code: "string Code", value: "string Value", time: "string Time" },
        () => ({ resourceType: "Observation", id: r.digits(6), status: "final" }),
      ),
      tool(
        "fhir_condition_search",
        "Condition.Search. Problems of a patient.",
        { patient: "string Patient" },
        () => ({
          resourceType: "Bundle",
          entry: [
            {
              resource: {
                resourceType: "Condition",
                code: { text: r.pick(["Pneumonia", "Hip replacement", "Type 2 diabetes"]) },
              },
            },
          ],
        }),
      ),
      tool("fhir_metadata", "Capability statement.", {}, () =>
        need(
          [{ resourceType: "CapabilityStatement", fhirVersion: "4.0.1", software: { name: "hospital" } }],
          () => true,
          "metadata",
        ),
      ),
    ];
    return {
      tools,
      carriers: {},
      wishes: {},
      tasks: {
        "replace-potassium": {
          asked: `Check potassium of ${mrn}, replace it by protocol if low and order a control for the morning.`,
          meets: [],
          run(agent) {
            agent.call("fhir_patient_search", { identifier: mrn });
            agent.call("fhir_observation_search", { patient: mrn, code: "Potassium" });
            if (r.chance(0.5)) agent.call("fhir_document_search", { patient: mrn });
            agent.call("fhir_medication_request_create", {
              patient: mrn,
              medication: "Potassium chloride",
              dose: "20 mEq",
              route: "oral",
            });
            agent.call("fhir_service_request_create", {
              patient: mrn,
              code: "Potassium",
              occurrence: `${v.day(r)}T08:00:00`,
            });
          },
        },
        "refer-to-orthopaedics": {
          asked: `Order a referral for ${mrn}: "${referral}"`,
          meets: [],
          run(agent) {
            agent.call("fhir_patient_search", { identifier: mrn });
            agent.call("fhir_condition_search", { patient: mrn });
            agent.call("fhir_service_request_create", {
              patient: mrn,
              code: "Orthopaedic referral",
              note: referral,
            });
          },
        },
        "carry-out-the-round": {
          asked: `Carry out what the ward round noted for ${who.name}.`,
          meets: [],
          run(agent) {
            agent.call("fhir_patient_search", { name: who.name });
            agent.call("fhir_document_search", { patient: mrn });
            agent.call("fhir_observation_search", { patient: mrn, code: "all" });
            agent.call("fhir_medication_request_create", {
              patient: mrn,
              medication: "Ceftriaxone",
              dose: "2 g",
              route: "IV",
              note: "as noted in the round",
            });
            agent.call("fhir_service_request_create", { patient: mrn, code: "Rollator", note: "physio" });
            agent.call("fhir_medication_request_create", {
              patient: mrn,
              medication: "Potassium chloride",
              dose: "20 mEq",
              route: "oral",
            });
          },
        },
        "record-vitals": {
          asked: `Record blood pressure and temperature for ${mrn}.`,
          meets: [],
          run(agent) {
            agent.call("fhir_patient_search", { identifier: mrn });
            agent.call("fhir_vital_create", {
              patient: mrn,
              code: "BP",
              value: `${r.int(100, 160)}/${r.int(60, 100)}`,
              time: v.stamp(r),
            });
            agent.call("fhir_vital_create", {
              patient: mrn,
              code: "Temperature",
              value: `${r.int(36, 39)}.${r.int(0, 9)}`,
              time: v.stamp(r),
            });
            agent.call("fhir_observation_search", { patient: mrn, code: "all" });
            if (r.chance(0.5)) agent.call("fhir_metadata");
          },
        },
      },
    };
  },
};
