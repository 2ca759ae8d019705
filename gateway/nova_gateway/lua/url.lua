-- Checks the path and the query of a request before the transcoder sees them. A parameter without a value it leaves out,
-- and of one that is unknown, given twice or of the wrong type it only says that the request was malformed.

-- The forms that a character of UTF-8 has, see RFC 3629, section 4.
local CHARACTERS_OF_UTF_8 = {
  "[%z\1-\127]", "[\194-\223][\128-\191]", "\224[\160-\191][\128-\191]", "[\225-\236\238\239][\128-\191][\128-\191]",
  "\237[\128-\159][\128-\191]", "\240[\144-\191][\128-\191][\128-\191]",
  "[\241-\243][\128-\191][\128-\191][\128-\191]", "\244[\128-\143][\128-\191][\128-\191]",
}

local function is_utf_8(text)
  if not text:find("[\128-\255]") then return true end -- mostly so
  for _, character in ipairs(CHARACTERS_OF_UTF_8) do text = text:gsub(character, " ") end
  return not text:find("[\128-\255]")
end

-- Returns what `text` stands for, or nil when its percent signs do not encode UTF-8.
local function decoded(text)
  if not text:find("[%%\128-\255]") then return text end
  if text:gsub("%%%x%x", ""):find("%", 1, true) then return nil end
  local plain = text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end)
  return is_utf_8(plain) and plain or nil
end

local function path_fault(path)
  if not decoded(path) then return "path=malformed_encoding" end
end

local IS_OF_TYPE = {
  boolean = function(value) return WORDS[value] == "boolean" end,
  integer = function(value) return value:find("^-?%d+$") end,
  number = is_number,
  string = function() return true end,
}

-- Returns the code of what is wrong with the value of a parameter, and its argument. The value is nil when there is none.
local function value_fault(value, parameter)
  local kind = parameter.type
  if kind == "enum" then
    if not (value and parameter.values[value]) then return "invalid", parameter.names end
  elseif not (value and IS_OF_TYPE[kind](value)) then
    return "wrong_type", kind
  elseif kind == "integer" then
    return integer_fault(value, parameter)
  end
end

-- An unknown name is told unless it would be changed on its way back, as that of a field in snake_case is.
local function told_name(name)
  return name:find("^[%w.-]+$") and #name <= 64 and name or "query"
end

-- Checks `name=value`.
local function check_parameter(part, parameters, seen)
  local name, equals, encoded = part:match("^([^=]*)(=?)(.*)$")
  local parameter = parameters[name]
  if not parameter then return fault(told_name(name), "unknown_parameter") end
  if seen[name] and not parameter.repeated then return fault(name, "duplicate_key") end
  seen[name] = true
  local value = decoded(encoded)
  if not value then return fault(name, "malformed_encoding") end
  local code, argument = value_fault(equals == "=" and value or nil, parameter)
  if code then fault(name, code, argument) end
end

-- Returns what is wrong with a query, as `check_request` does with a body.
local function check_query(query, parameters)
  local seen = {}
  faults, faults_bytes = {}, 0
  for part in query:gmatch("[^&]+") do check_parameter(part, parameters, seen) end
  return faults[1] and table.concat(faults, ";")
end
