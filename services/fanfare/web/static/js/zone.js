// Set-up: the browser knows its time zone better than the server can guess it. What was chosen already stays.

const zone = document.getElementById("zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && zone.dataset.guess !== undefined && [...zone.options].some((option) => option.value === here)) zone.value = here;
