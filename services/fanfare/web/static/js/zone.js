// Set-up, before anything was typed: the browser knows its time zone, the server could only guess it.

const zone = document.getElementById("zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && [...zone.options].some((option) => option.value === here)) zone.value = here;
