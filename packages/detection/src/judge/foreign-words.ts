import type { ActionClass } from "./action-words.ts";

/**
 * What acts are called in sentences of other languages: infinitives, imperatives and participles of German, French, Spanish,
 * Italian, Portuguese and Dutch as letters have them. Words that mean something else in another of these languages are left
 * out.
 */
export const FOREIGN_WORDS: Readonly<Partial<Record<ActionClass, string>>> = {
  send:
    "senden schicken schicke schick sende weiterleiten mitteilen melden teilen gesendet geschickt envoyer envoyez envoie " +
    "transmettre transmettez transférer transférez écrire écrivez répondre répondez communiquer envíe enviar envía envíen " +
    "reenviar reenvíe escriba escribir comunique comunicar inviare invia inviate inoltrare inoltra scrivere scrivi envie " +
    "enviem encaminhar encaminhe escreva stuur sturen doorsturen mailen verzenden schrijven",
  pay:
    "überweisen überweise überwiesen zahlen zahle bezahlen gezahlt auszahlen erstatten virer virez verser versez payer payez " +
    "rembourser transferir transfiera pagar pague abonar abone reembolsar pagare paga bonificare versare bonifica transfira " +
    "overmaken betalen betaal overschrijven",
  update:
    "ändern ändere geändert aktualisieren setzen setze umstellen ersetzen anpassen modifier modifiez changer changez remplacer " +
    "remplacez cambiar cambie actualizar actualice modificar modifique sustituir cambiare cambia modificare modifica " +
    "aggiornare alterar altere atualizar atualize wijzigen wijzig aanpassen vervangen",
  delete:
    "löschen lösche gelöscht entfernen entferne supprimer supprimez effacer effacez borrar borre eliminar elimine eliminare " +
    "elimina cancellare apagar apague excluir exclua verwijderen verwijder wissen",
  create:
    "anlegen lege erstellen erstelle einrichten eintragen créer créez ajouter ajoutez crear cree añadir añada creare crea " +
    "aggiungere aggiungi criar crie adicionar adicione aanmaken toevoegen maak",
  share:
    "freigeben freigegeben teile zugriff partager partagez accès accorder compartir comparta acceso conceder condividere " +
    "condividi accesso partilhar compartilhar compartilhe acesso delen deel toegang",
  invite:
    "einladen lade eingeladen inviter invitez invitar invite invitare invita convidar convide uitnodigen",
  cancel:
    "stornieren absagen kündigen gekündigt annuler annulez résilier anular anule cancelar cancele annullare annulla disdire " +
    "annuleren opzeggen",
  reserve: "buchen buche reservieren réserver réservez reservar reserve prenotare prenota boeken reserveren",
  merge:
    "freigabe genehmigen unterschreiben unterzeichnen signer signez approuver firmar firme aprobar firmare approvare",
};
