// The emoji shortcodes that apps use most.
const TABLE = `
white_check_mark ✅|heavy_check_mark ✔️|x ❌|no_entry ⛔|no_entry_sign 🚫|warning ⚠️|rotating_light 🚨|bell 🔔|no_bell 🔕
hourglass ⌛|hourglass_flowing_sand ⏳|alarm_clock ⏰|stopwatch ⏱️|clock1 🕐|calendar 📅|eyes 👀|lock 🔒|unlock 🔓|key 🔑
credit_card 💳|moneybag 💰|money_with_wings 💸|euro 💶|dollar 💵|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊
bank 🏦|receipt 🧾|package 📦|envelope ✉️|incoming_envelope 📨|mailbox 📫|phone ☎️|iphone 📱|computer 💻|gear ⚙️|hammer_and_wrench 🛠️|wrench 🔧
information_source ℹ️|question ❓|grey_question ❔|exclamation ❗|bangbang ‼️|bulb 💡|memo 📝|pencil ✏️|pencil2 ✏️|clipboard 📋|page_facing_up 📄|paperclip 📎
link 🔗|mag 🔍|mag_right 🔎|pushpin 📌|round_pushpin 📍|triangular_flag_on_post 🚩|checkered_flag 🏁|label 🏷️|bookmark 🔖|books 📚
thumbsup 👍|+1 👍|thumbsdown 👎|-1 👎|ok_hand 👌|wave 👋|pray 🙏|clap 👏|raised_hands 🙌|muscle 💪|point_right 👉|point_left 👈|raised_hand ✋|handshake 🤝
smile 😄|slightly_smiling_face 🙂|grin 😁|joy 😂|wink 😉|thinking_face 🤔|cry 😢|sob 😭|scream 😱|sunglasses 😎|tada 🎉|rocket 🚀|fire 🔥|sparkles ✨|star ⭐|heart ❤️|zap ⚡|boom 💥|bug 🐛
red_circle 🔴|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|large_orange_circle 🟠|white_circle ⚪|black_circle ⚫|large_orange_diamond 🔶|small_blue_diamond 🔹
arrow_right ➡️|arrow_left ⬅️|arrow_up ⬆️|arrow_down ⬇️|arrows_counterclockwise 🔄|leftwards_arrow_with_hook ↩️|repeat 🔁|heavy_plus_sign ➕|heavy_minus_sign ➖|no_mobile_phones 📵
robot_face 🤖|ghost 👻|detective 🕵️|bust_in_silhouette 👤|busts_in_silhouette 👥|house 🏠|office 🏢|earth_africa 🌍|shield 🛡️|snowflake ❄️|cold_face 🥶|ice_cube 🧊|scroll 📜|identification_card 🪪|speech_balloon 💬|mute 🔇|wastebasket 🗑️|balance_scale ⚖️|recycle ♻️|stop_sign 🛑|octagonal_sign 🛑|construction 🚧|new 🆕|sos 🆘|100 💯|heavy_dollar_sign 💲|currency_exchange 💱|seedling 🌱|sunny ☀️|cloud ☁️|white_small_square ▫️|black_small_square ▪️|small_red_triangle 🔺|small_red_triangle_down 🔻
`;
export const EMOJI = Object.fromEntries(
  TABLE.trim().split(/[|\n]/).map((pair) => {
    const cut = pair.lastIndexOf(" ");
    return [pair.slice(0, cut), pair.slice(cut + 1)];
  }),
);
