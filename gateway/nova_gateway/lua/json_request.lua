-- Checks a request's body before the transcoder sees it. The transcoder is lenient where the contract is not: it takes
-- trailing commas, single quotes, numbers for enum values and objects for lists, the last of two equal keys, and leaves
-- nulls out of lists, so that a caller's mistake would be scored as something that nobody meant.
--
-- Keys that a message does not have are ignored, whatever is below them, as long as it is JSON.

local MAX_DEPTH = 64 -- the transcoder's own
-- Three times what the largest valid request holds. Envoy serves all callers on one thread, so no body may keep it busy.
local MAX_VALUES = 100000
local MAX_FAULTS = 40
local MAX_FAULTS_BYTES = 6144 -- travel in one header, below the 16 KiB that the api accepts of all of them

local text, faults, faults_bytes, values, controls, bad_escape

local function fault(path, code, argument)
  if #faults == MAX_FAULTS then return end
  local item = (path == "" and "body" or path) .. "=" .. code .. (argument and ":" .. argument or "")
  faults_bytes = faults_bytes + #item + 1
  if faults_bytes <= MAX_FAULTS_BYTES then faults[#faults + 1] = item end
end

-- Ends the check with a fault of the body as a whole.
local function refuse(code, argument)
  error({ code = code, argument = argument }, 0)
end

local function malformed(position)
  refuse("malformed_json", position)
end

local function next_token(position)
  local byte = text:byte(position)
  if byte and byte > 32 then return position end -- mostly so, and ten times as fast
  return text:find("[^ \t\r\n]", position) or malformed(#text + 1)
end

local function set_of(characters)
  local set = {}
  for index = 1, #characters do set[characters:byte(index)] = true end
  return set
end

local ESCAPE, HEX = set_of('"\\/bfnrtu'), set_of("0123456789abcdefABCDEF")

-- Returns where the first backslash is that does not begin an escape, or infinity.
local function find_bad_escape()
  local position = text:find("\\", 1, true)
  while position do
    local letter, a, b, c, d = text:byte(position + 1, position + 5)
    if not ESCAPE[letter] then return position end
    if letter == 117 and not (HEX[a] and HEX[b] and HEX[c] and HEX[d]) then return position end
    position = text:find("\\", position + 2, true)
  end
  return math.huge
end

-- Returns where each control character is next. Looking for one after the other is ten times as fast as for all at once.
local function find_controls()
  local found = {}
  for code = 0, 31 do
    local character = string.char(code)
    found[character] = text:find(character, 1, true)
  end
  return found
end

-- Refuses what may not be in a string, at the first such character between its quotes.
local function check_characters(opening, closing)
  local first = bad_escape
  for character, position in pairs(controls) do
    if position < opening then position = text:find(character, opening, true) or math.huge end
    controls[character] = position
    first = math.min(first, position)
  end
  if first < closing then malformed(first) end
end

local function string_at(position)
  local closing = end_of_string(text, position) or malformed(position)
  check_characters(position, closing)
  return closing
end

-- The characters that names are made of, by the two digits with which `\u00` stands for them.
local CHARACTERS = {}
for code = 0, 127 do
  CHARACTERS[("%02x"):format(code)], CHARACTERS[("%02X"):format(code)] = string.char(code), string.char(code)
end

-- Returns the name, of a key or of an enum value, between the quotes at `opening` and `closing`.
local function name_at(opening, closing)
  local name = text:sub(opening + 1, closing - 1)
  if not name:find("\\", 1, true) then return name end
  return (name:gsub("\\u00(%x%x)", CHARACTERS))
end

-- Returns the key at `position`, and where its value begins.
local function key_at(position)
  if text:byte(position) ~= 34 then malformed(position) end
  local closing = string_at(position)
  local colon = next_token(closing + 1)
  if text:byte(colon) ~= 58 then malformed(colon) end
  return name_at(position, closing), next_token(colon + 1)
end

local WORDS = { ["true"] = "boolean", ["false"] = "boolean", ["null"] = "null" }

local function is_number(word)
  local whole, rest = word:match("^-?(%d+)(.*)$")
  if not whole or whole:find("^0%d") then return false end
  return rest:gsub("^%.%d+", "", 1):gsub("^[eE][+-]?%d+$", "", 1) == ""
end

-- Returns the type of the number, true, false or null at `position`, and where it ends.
local function bare_word(position)
  local _, last, word = text:find("^([%w%.+-]+)", position)
  local kind = word and (WORDS[word] or is_number(word) and "number")
  if not kind then malformed(position) end
  return kind, last
end

-- Returns where the first part of an object or list is, which opens before `position`. Of an empty one, nil and its end.
local function first_part(position, closing)
  position = next_token(position)
  if text:byte(position) == closing then return nil, position end
  return position
end

-- Returns where the part after the one that ends before `position` is, or nil and where the object or list ends.
local function next_part(position, closing)
  position = next_token(position)
  local byte = text:byte(position)
  if byte == closing then return nil, position end
  if byte ~= 44 then malformed(position) end
  return next_token(position + 1)
end

local value

-- Notes that `field` is given, and a fault when it, or another of its oneof, was given before.
local function note(seen, key, field, path)
  if seen[key] then fault(path, "duplicate_key") end
  local other = field.oneof and seen[field.oneof]
  if other and other ~= key then fault(path, "conflict", other) end
  seen[key] = true
  if field.oneof then seen[field.oneof] = key end
end

-- Checks the member that is known by `field`, and returns where its value ends.
local function member(start, key, field, seen, path, depth)
  local below = path == "" and key or path .. "." .. key
  if text:sub(start, start + 3) ~= "null" then note(seen, key, field, below) end
  return value(start, field, below, depth)
end

local NO_FIELDS = {}

-- Notes a fault for each list of an object that has to be given, be it empty, and is not.
local function note_missing(message, seen, path)
  for _, key in ipairs(REQUIRED_KEYS[message] or NO_FIELDS) do
    if not seen[key] then fault(path == "" and key or path .. "." .. key, "required") end
  end
end

local function object(position, message, path, depth)
  local fields, seen = NO_FIELDS, nil
  if message then fields, seen = MESSAGES[message], {} end
  local at, last = first_part(position + 1, 125)
  while at do
    local key, start = key_at(at)
    local field = fields[key]
    last = field and member(start, key, field, seen, path, depth) or value(start, nil, nil, depth)
    at, last = next_part(last + 1, 125)
  end
  if message then note_missing(message, seen, path) end
  return last
end

local function array(position, element, path, depth)
  local index = 0
  local at, last = first_part(position + 1, 93)
  while at do
    last = value(at, element, element and path .. "[" .. index .. "]", depth)
    index = index + 1
    at, last = next_part(last + 1, 93)
  end
  return last
end

-- Returns the code of what is wrong with a number, written as `word`, that is to be the integer `field`, if anything is.
local function integer_fault(word, field)
  local number = tonumber(word)
  if number ~= math.floor(number) then return "wrong_type" end
  if number < field.lowest or number > field.highest then return "out_of_range" end
end

-- Checks the type of the value from `first` to `last`.
local function check_type(field, path, kind, first, last)
  if kind == "null" and field.nullable then return end
  if field.type == "enum" then
    if kind ~= "string" or not field.values[name_at(first, last)] then fault(path, "invalid", field.names) end
  elseif field.type == "integer" and kind == "number" then
    local code = integer_fault(text:sub(first, last), field)
    if code then fault(path, code, code == "wrong_type" and field.type) end
  elseif kind ~= field.type then
    fault(path, "wrong_type", field.type)
  end
end

-- Returns the type of the value at `position`, and where it ends. What is in it is checked against `field`, if given.
local function walk(position, field, path, depth)
  local byte = text:byte(position)
  if byte == 34 then return "string", string_at(position) end
  if byte ~= 123 and byte ~= 91 then return bare_word(position) end
  if depth == MAX_DEPTH then refuse("too_deep", MAX_DEPTH) end
  if byte == 123 then return "object", object(position, field and field.message, path, depth + 1) end
  return "array", array(position, field and field.element, path, depth + 1)
end

-- Checks the value at `position` and returns where it ends. Without a `field` only its grammar is checked.
function value(position, field, path, depth)
  values = values + 1
  if values > MAX_VALUES then refuse("too_many_values", MAX_VALUES) end
  local kind, last = walk(position, field, path, depth)
  if field then check_type(field, path, kind, position, last) end
  return last
end

local function check(message)
  controls, bad_escape = find_controls(), find_bad_escape()
  local last = value(next_token(1), { type = "object", message = message }, "", 0)
  local rest = text:find("[^ \t\r\n]", last + 1)
  if rest then malformed(rest) end
end

-- Returns what is wrong with `body` as the JSON of `message`: `path=code:argument` items separated by semicolons, or nil.
function check_request(body, message)
  text, faults, faults_bytes, values = body, {}, 0, 0
  local sound, problem = pcall(check, message)
  text = nil
  if not sound then
    if type(problem) ~= "table" then error(problem, 0) end
    faults = { "body=" .. problem.code .. ":" .. problem.argument }
  end
  return faults[1] and table.concat(faults, ";")
end
