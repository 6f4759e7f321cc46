declare module "virtual:messages/*" {
  const catalogue: import("./catalogue").Catalogue;
  export default catalogue;
}
