"""Captions of many kinds that all text models must take."""

from __future__ import annotations

PLAIN = (
    "Slow Sunday: clean sheets, a long walk and no plans",
    "Diez kilómetros antes del desayuno, preparando el medio maratón 🏃",
    "طريقة عمل الكبسة بالدجاج خطوة بخطوة",
    "विराट का शतक और भारत की शानदार जीत 🏏",
    "Krafttraining dreimal die Woche reicht völlig, wenn du schwer hebst",
    "Question du jour : thé ou café ? Dis-moi en commentaire @amie #matin",
)
ODD = (
    "",
    "   \n\t",
    "😍😍😍",
    "#sunset #travel #bali",
    "@someone https://example.com/a?b=c",
    "𝐁𝐞𝐚𝐮𝐭𝐢𝐟𝐮𝐥 𝐝𝐚𝐲 𝐢𝐧 𝐏𝐚𝐫𝐢𝐬",
    "\u202bמזג אוויר נפלא היום\u202c",
    "... !!! ???",
    "a\0b\ud83d",
    "1234 5678",
    "今天天气很好",
    "👩‍👩‍👧‍👦🏳️‍🌈",
)
